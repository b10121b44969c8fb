//! Where requests may go. Hosts come from people, so every address is checked before a connection is made
//! (server-side request forgery).

mod resolver;

use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use url::{Host, Url};

pub(crate) use resolver::{CheckedResolver, SystemLookUp};

/// Which destinations a process may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Egress {
    /// Only https on port 443 of named hosts with public addresses.
    Public,
    /// Also these servers, each under its scheme, host and port alone: an operator's own, which no user can name.
    PublicAnd(Arc<[Url]>),
    /// Also http and any port, but these on loopback only: for the local run and for tests.
    AllowLoopback,
}

/// The destination is one that the policy forbids. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The text is not an absolute URL of a host.
    #[error("enter the address of a server, such as https://bsky.social")]
    NotAUrl,
    /// User name or password inside the URL.
    #[error("the address must not contain a user name or password")]
    UserInfo,
    /// A path, query or fragment behind the host.
    #[error("enter only the server's address, without anything after the host name")]
    MoreThanHost,
    /// Another scheme than https.
    #[error("the address must start with https://")]
    NotHttps,
    /// Another port than 443.
    #[error("only the standard port of https (443) is allowed")]
    OddPort,
    /// A number instead of a name, in any notation.
    #[error("enter the server's name, not an IP address")]
    AddressLiteral,
    /// A name that is not of the public Internet, or an address behind a name that is not.
    #[error("the server is not on the public Internet")]
    NotPublic,
}

impl Egress {
    /// The policy of a deployed function: the public Internet, and what its operator names.
    pub fn deployed(private_servers: Vec<Url>) -> Self {
        if private_servers.is_empty() {
            Self::Public
        } else {
            Self::PublicAnd(private_servers.into())
        }
    }

    /// Reads the address of a server as a person typed it (the scheme may be missing) and applies what can be checked
    /// without resolving the name. The addresses behind the name are checked when the connection is made.
    pub fn server(&self, typed: &str) -> Result<Url, Forbidden> {
        let typed = typed.trim();
        let absolute = if typed.contains("://") {
            typed.to_owned()
        } else {
            format!("https://{typed}")
        };
        let url = Url::parse(&absolute).map_err(|_| Forbidden::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() || typed.contains('@') {
            return Err(Forbidden::UserInfo);
        }
        if url.path() != "/" && !url.path().is_empty()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(Forbidden::MoreThanHost);
        }
        self.check(&url)?;
        Ok(url)
    }

    /// Reads an address that a server names, with a path, and applies the same checks.
    pub fn address(&self, named: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(named).map_err(|_| Forbidden::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::UserInfo);
        }
        self.check(&url)?;
        Ok(url)
    }

    fn check(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host().ok_or(Forbidden::NotAUrl)?;
        let mut private = self.private_servers().iter();
        if private.any(|server| server.origin() == url.origin()) {
            return Ok(());
        }
        if *self == Self::AllowLoopback && names_loopback(&host) {
            return match url.scheme() {
                "http" | "https" => Ok(()),
                _ => Err(Forbidden::NotHttps),
            };
        }
        if url.scheme() != "https" {
            return Err(Forbidden::NotHttps);
        }
        match host {
            Host::Ipv4(_) | Host::Ipv6(_) => return Err(Forbidden::AddressLiteral),
            Host::Domain(name) if !is_public_name(name) => return Err(Forbidden::NotPublic),
            Host::Domain(_) => {}
        }
        // `port` is `None` for the scheme's own port.
        if url.port().is_some() {
            return Err(Forbidden::OddPort);
        }
        Ok(())
    }

    /// Whether a connection to this address may be made, by whatever name it was found.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || (*self == Self::AllowLoopback && address.to_canonical().is_loopback())
    }

    /// Whether a connection may go to a name with these addresses: to each of them, since nobody knows which one it
    /// takes.
    fn allows_all(&self, addresses: &[SocketAddr]) -> bool {
        addresses.iter().all(|address| self.allows(address.ip()))
    }

    /// Whether the addresses behind this name are the operator's own affair.
    fn trusts(&self, name: &str) -> bool {
        self.private_servers()
            .iter()
            .any(|server| server.domain() == Some(name))
    }

    fn private_servers(&self) -> &[Url] {
        match self {
            Self::PublicAnd(servers) => servers,
            Self::Public | Self::AllowLoopback => &[],
        }
    }
}

fn names_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Names of one label and of the special-use domains (RFC 6761, RFC 6762, RFC 9476) never lead to a public server.
fn is_public_name(name: &str) -> bool {
    const SPECIAL: [&str; 8] = [
        "localhost",
        "local",
        "localdomain",
        "internal",
        "home.arpa",
        "invalid",
        "test",
        "alt",
    ];
    let name = name.strip_suffix('.').unwrap_or(name);
    name.contains('.')
        && !SPECIAL.iter().any(|special| {
            name.strip_suffix(special)
                .is_some_and(|rest| rest.ends_with('.'))
        })
}

/// Whether an address is of the public Internet: what the special-purpose registries of IANA (RFC 6890) do not list.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback.
        (0 | 10 | 127, ..) => true,
        // Carrier-grade NAT (RFC 6598).
        (100, 64..=127, _) => true,
        // Link-local, with the metadata service of the cloud.
        (169, 254, _) => true,
        (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, AS112.
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => true,
        // Benchmarks (RFC 2544).
        (198, 18..=19, _) => true,
        (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !special
}

/// Only global unicast (2000::/3) is public, and of it nothing that carries an IPv4 address or is set apart.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global_unicast = first & 0xe000 == 0x2000;
    let special = match (first, second) {
        // Protocol assignments with Teredo (2001::/23), documentation, and 6to4.
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x2002, _) => true,
        // Documentation (RFC 9637).
        (0x3fff, 0x0000..=0x0fff) => true,
        // AS112 (RFC 7534).
        (0x2620, 0x004f) => true,
        _ => false,
    };
    global_unicast && !special
}

/// The policy's refusal below a transport error.
pub(crate) fn forbidden_below(error: &(dyn StdError + 'static)) -> Option<Forbidden> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return Some(*forbidden);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_17_address_outside_the_public_internet_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let parsed: IpAddr = address.parse().unwrap();

            assert!(!Egress::Public.allows(parsed), "{address}");
        }
    }

    #[test]
    fn address_of_the_public_internet_is_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:200::1",
        ] {
            let parsed: IpAddr = address.parse().unwrap();

            assert!(Egress::Public.allows(parsed), "{address}");
            assert!(Egress::AllowLoopback.allows(parsed), "{address}");
        }
    }

    #[test]
    fn loopback_address_is_allowed_only_where_the_policy_says_so() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(
                Egress::AllowLoopback.allows(address.parse().unwrap()),
                "{address}"
            );
        }
        for address in ["10.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "::"] {
            assert!(
                !Egress::AllowLoopback.allows(address.parse().unwrap()),
                "{address}"
            );
        }
    }

    #[test]
    fn f_17_server_that_the_public_policy_forbids_is_refused_with_its_reason() {
        for (typed, reason) in [
            ("", Forbidden::NotAUrl),
            ("https://", Forbidden::NotAUrl),
            ("not a host", Forbidden::NotAUrl),
            ("http://pds.example.org", Forbidden::NotHttps),
            ("ftp://pds.example.org", Forbidden::NotHttps),
            ("gopher://pds.example.org:70", Forbidden::NotHttps),
            ("file:///etc/passwd", Forbidden::MoreThanHost),
            ("https://pds.example.org:8443", Forbidden::OddPort),
            ("https://pds.example.org:22", Forbidden::OddPort),
            ("https://pds.example.org:6379", Forbidden::OddPort),
            ("http://127.0.0.1:9001", Forbidden::NotHttps),
            ("https://user@pds.example.org", Forbidden::UserInfo),
            ("https://user:secret@pds.example.org", Forbidden::UserInfo),
            ("https://pds.example.org@127.0.0.1", Forbidden::UserInfo),
            ("https://@pds.example.org", Forbidden::UserInfo),
            ("https://pds.example.org/path", Forbidden::MoreThanHost),
            ("https://pds.example.org?query", Forbidden::MoreThanHost),
            ("https://pds.example.org#fragment", Forbidden::MoreThanHost),
            ("https://127.0.0.1", Forbidden::AddressLiteral),
            ("https://8.8.8.8", Forbidden::AddressLiteral),
            ("https://2130706433", Forbidden::AddressLiteral),
            ("https://0x7f000001", Forbidden::AddressLiteral),
            ("https://0177.0.0.1", Forbidden::AddressLiteral),
            ("https://127.1", Forbidden::AddressLiteral),
            ("https://127。0。0。1", Forbidden::AddressLiteral),
            ("https://[::1]", Forbidden::AddressLiteral),
            ("https://[::ffff:127.0.0.1]", Forbidden::AddressLiteral),
            ("https://localhost", Forbidden::NotPublic),
            ("https://localhost.", Forbidden::NotPublic),
            ("https://a.localhost", Forbidden::NotPublic),
            ("https://metadata.google.internal", Forbidden::NotPublic),
            ("https://printer.local", Forbidden::NotPublic),
            ("https://intranet", Forbidden::NotPublic),
        ] {
            assert_eq!(Egress::Public.server(typed), Err(reason), "{typed}");
        }
    }

    #[test]
    fn server_with_a_public_name_is_read_with_or_without_scheme() {
        for typed in [
            "https://bsky.social",
            " bsky.social ",
            "https://bsky.social/",
            "HTTPS://BSKY.SOCIAL:443",
        ] {
            assert_eq!(
                Egress::Public.server(typed).map(String::from),
                Ok("https://bsky.social/".to_owned()),
                "{typed}"
            );
        }
    }

    #[test]
    fn address_that_a_server_names_may_have_a_path_and_no_other_freedom() {
        let named = |address| Egress::Public.address(address).map(String::from);

        assert_eq!(
            named("https://bsky.social/oauth/token").as_deref(),
            Ok("https://bsky.social/oauth/token")
        );
        for (address, reason) in [
            ("/oauth/token", Forbidden::NotAUrl),
            ("javascript:alert(1)", Forbidden::NotAUrl),
            ("http://bsky.social/oauth/token", Forbidden::NotHttps),
            ("https://169.254.169.254/latest", Forbidden::AddressLiteral),
            ("https://a@bsky.social/oauth/token", Forbidden::UserInfo),
            ("https://bsky.social:8443/oauth/token", Forbidden::OddPort),
        ] {
            assert_eq!(named(address), Err(reason), "{address}");
        }
    }

    #[test]
    fn server_on_loopback_may_have_any_port_where_the_policy_allows_loopback() {
        for typed in [
            "http://127.0.0.1:2583",
            "http://localhost:2583",
            "http://[::1]:80",
            "https://localhost:8443",
        ] {
            assert!(Egress::AllowLoopback.server(typed).is_ok(), "{typed}");
        }
        for typed in [
            "http://10.0.0.1:2583",
            "http://pds.example.org",
            "https://169.254.169.254",
            "ftp://127.0.0.1",
        ] {
            assert!(Egress::AllowLoopback.server(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn server_that_the_operator_names_is_allowed_under_exactly_its_origin() {
        let named: Vec<Url> = ["http://127.0.0.1:2583", "https://pds.corp.internal"]
            .map(|server| server.parse().unwrap())
            .to_vec();
        let egress = Egress::deployed(named);

        for typed in [
            "http://127.0.0.1:2583",
            "https://pds.corp.internal",
            "https://pds.corp.internal:443/",
            "bsky.social",
        ] {
            assert!(egress.server(typed).is_ok(), "{typed}");
        }
        for typed in [
            "https://127.0.0.1:2583",
            "http://127.0.0.1:2584",
            "http://127.0.0.1",
            "http://localhost:2583",
            "http://pds.corp.internal",
            "https://pds.corp.internal:8443",
            "https://other.corp.internal",
            "https://a.pds.corp.internal",
            "http://bsky.social",
        ] {
            assert!(egress.server(typed).is_err(), "{typed}");
        }
        assert!(egress.trusts("pds.corp.internal"));
        assert!(!egress.trusts("other.corp.internal"));
        assert!(!egress.trusts("127.0.0.1"));
        assert!(!egress.allows("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn deployment_without_servers_of_its_own_reaches_the_public_internet_only() {
        assert_eq!(Egress::deployed(Vec::new()), Egress::Public);
    }
}
