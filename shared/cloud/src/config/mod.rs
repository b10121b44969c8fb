//! Configuration: read once from the environment, typed, with all its faults reported together.
//!
//! A function's configuration is a tuple or a struct of [parts](Part):
//!
//! ```text
//! let (table, queue) = config::load::<(TableConfig, QueueConfig)>(&ProcessEnvironment)?;
//! ```

use std::collections::BTreeMap;
use std::fmt;

use domain::KmsKeyArn;
use tracing::level_filters::LevelFilter;
use url::Url;
use zeroize::Zeroizing;

mod parts;

pub use parts::{
    AuditConfig, AwsConfig, BucketConfig, DeploymentConfig, DispatchQueueConfig, Endpoints,
    KeyConfig, LogConfig, MailConfig, NetworksConfig, OwnKeysConfig, PublicUrlConfig, QueueConfig,
    TableConfig,
};

/// Where variables come from.
pub trait Environment {
    /// The variable's value.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "this is the typed loader")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for BTreeMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).map(|value| (*value).to_owned())
    }
}

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The variable.
    pub variable: &'static str,
    /// What it must be. Never its value, which may be secret.
    pub expected: &'static str,
    /// Whether it is missing, rather than unreadable.
    pub missing: bool,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.missing {
            "is not set"
        } else {
            "is not valid"
        };
        write!(f, "{} {state}: expected {}", self.variable, self.expected)
    }
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigFault>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not valid")?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads a whole configuration, or lists all its faults.
pub fn load<P: Part>(environment: &dyn Environment) -> Result<P, ConfigErrors> {
    let mut reader = Reader {
        environment,
        faults: Vec::new(),
    };
    match P::read(&mut reader) {
        Some(part) if reader.faults.is_empty() => Ok(part),
        _ => Err(ConfigErrors(reader.faults)),
    }
}

/// A group of variables that are read together.
pub trait Part: Sized {
    /// Names of all its variables that a deployment sets, in the order of reading.
    fn variables() -> Vec<&'static str>;

    /// Reads it; `None` if something is wrong, which the reader then knows.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Reads variables and collects what is wrong with them.
pub struct Reader<'a> {
    environment: &'a dyn Environment,
    faults: Vec<ConfigFault>,
}

impl Reader<'_> {
    /// A variable that must be there.
    pub fn required<T: Setting>(&mut self, variable: &'static str) -> Option<T> {
        let found = self.parsed(variable);
        if let Some(None) = found {
            self.faults.push(ConfigFault {
                variable,
                expected: T::EXPECTED,
                missing: true,
            });
        }
        found?
    }

    /// A variable that may be left out or empty. The outer `None` means that it is there but not valid.
    pub fn optional<T: Setting>(&mut self, variable: &'static str) -> Option<Option<T>> {
        self.parsed(variable)
    }

    #[expect(
        clippy::option_option,
        reason = "absent and wrong are different: only the latter is a fault"
    )]
    fn parsed<T: Setting>(&mut self, variable: &'static str) -> Option<Option<T>> {
        let text = self
            .environment
            .get(variable)
            .filter(|text| !text.is_empty());
        let Some(text) = text else {
            return Some(None);
        };
        let value = T::parse(&text);
        if value.is_none() {
            self.faults.push(ConfigFault {
                variable,
                expected: T::EXPECTED,
                missing: false,
            });
        }
        value.map(Some)
    }
}

/// A type that a variable's text can become.
pub trait Setting: Sized {
    /// What the text must be, for people.
    const EXPECTED: &'static str;

    /// Reads the text.
    fn parse(text: &str) -> Option<Self>;
}

impl Setting for String {
    const EXPECTED: &'static str = "a text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a whole number above zero";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 0)
    }
}

impl Setting for Url {
    const EXPECTED: &'static str = "an http or https address";

    fn parse(text: &str) -> Option<Self> {
        let url: Self = text.parse().ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    }
}

impl Setting for Vec<Url> {
    const EXPECTED: &'static str =
        "addresses of servers, such as https://pds.example.internal, separated by spaces";

    fn parse(text: &str) -> Option<Self> {
        let server = |text| {
            let url = <Url as Setting>::parse(text)?;
            let is_origin = url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none();
            is_origin.then_some(url)
        };
        text.split_whitespace().map(server).collect()
    }
}

impl Setting for Vec<KmsKeyArn> {
    const EXPECTED: &'static str = "ARNs of keys, separated by commas";

    fn parse(text: &str) -> Option<Self> {
        let arns = text.split(',').map(|arn| arn.trim().parse().ok());
        arns.collect()
    }
}

impl Setting for LevelFilter {
    const EXPECTED: &'static str = "TRACE, DEBUG, INFO, WARN or ERROR";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "TRACE" => Some(Self::TRACE),
            "DEBUG" => Some(Self::DEBUG),
            "INFO" => Some(Self::INFO),
            "WARN" => Some(Self::WARN),
            // The platform's `FATAL` has no level of its own here.
            "ERROR" | "FATAL" => Some(Self::ERROR),
            _ => None,
        }
    }
}

/// A name of something in the deployment: letters, digits, dashes, underscores and dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Name {
    const EXPECTED: &'static str =
        "a name of 1 to 255 letters, digits, dashes, underscores and dots";

    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }
}

/// A value that is never shown and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Setting for Secret {
    const EXPECTED: &'static str = "a secret text";

    fn parse(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

macro_rules! tuples {
    ($(($($part:ident),+)),+ $(,)?) => {$(
        impl<$($part: Part),+> Part for ($($part,)+) {
            fn variables() -> Vec<&'static str> {
                [$($part::variables()),+].concat()
            }

            #[expect(non_snake_case, reason = "the types' names serve as the variables' names")]
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                // All are read before any is looked at, so that all faults are found.
                $(let $part = $part::read(reader);)+
                Some(($($part?,)+))
            }
        }
    )+};
}

tuples! {
    (A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, F), (A, B, C, D, E, F, G),
    (A, B, C, D, E, F, G, H),
}

#[cfg(test)]
mod tests;
