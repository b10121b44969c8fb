//! Keys. Each is a pure function of ids, hashes, fixed-width numbers and times: no text of a user ever enters one, so
//! nobody can write a separator into another key space.

mod hashes;

use domain::event::Owner;
use domain::{
    AccountGroupId, AccountId, ApiKeyId, DeliveryId, EventId, ExportId, FamilyId, ImportId,
    InvitationId, MediaId, NoticeId, PasskeyId, PostId, RoleId, TenantId, UserId,
};
use jiff::Timestamp;

use crate::names::Named;
use crate::scope::TenantScope;

pub use hashes::SecretHash;
pub(crate) use hashes::{hash, hash_of_bytes, uuid_of};

/// The primary key of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// The only sort key of an item that is alone in its partition.
const ALONE: &str = "-";

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    // Tenants.

    pub(crate) fn tenant(tenant: TenantId) -> Self {
        Self::new(tenant_partition(tenant), "META")
    }

    /// Who made the tenant.
    pub(crate) fn maker(tenant: TenantId) -> Self {
        Self::new(tenant_partition(tenant), "BY")
    }

    /// What the sort keys of memberships begin with.
    pub(crate) const MEMBERS: &'static str = "MEM#";

    pub(crate) fn membership(tenant: TenantId, user: UserId) -> Self {
        Self::new(tenant_partition(tenant), format!("MEM#{user}"))
    }

    pub(crate) fn factor_reset(tenant: TenantId, user: UserId) -> Self {
        Self::new(tenant_partition(tenant), format!("FRS#{user}"))
    }

    pub(crate) fn support_consent(tenant: TenantId) -> Self {
        Self::new(tenant_partition(tenant), "SUP")
    }

    /// What the sort keys of looks into the tenant begin with.
    pub(crate) const SUPPORT_VISITS: &'static str = "VIS#";

    pub(crate) fn support_visit(tenant: TenantId, session: &SecretHash) -> Self {
        Self::new(tenant_partition(tenant), format!("VIS#{}", session.0))
    }

    /// What the sort keys of roles begin with.
    pub(crate) const ROLES: &'static str = "ROL#";

    pub(crate) fn role(scope: &TenantScope, role: RoleId) -> Self {
        Self::new(tenant_partition(scope.tenant()), format!("ROL#{role}"))
    }

    /// What the sort keys of account groups begin with.
    pub(crate) const ACCOUNT_GROUPS: &'static str = "GRP#";

    pub(crate) fn account_group(scope: &TenantScope, group: AccountGroupId) -> Self {
        Self::new(tenant_partition(scope.tenant()), format!("GRP#{group}"))
    }

    /// What the sort keys of invitations begin with.
    pub(crate) const INVITATIONS: &'static str = "INV#";

    pub(crate) fn invitation(scope: &TenantScope, invitation: InvitationId) -> Self {
        Self::new(
            tenant_partition(scope.tenant()),
            format!("INV#{invitation}"),
        )
    }

    pub(crate) fn name(scope: &TenantScope, kind: Named, name: &str) -> Self {
        let kind = match kind {
            Named::Role => "ROL",
            Named::AccountGroup => "GRP",
        };
        Self::new(
            tenant_partition(scope.tenant()),
            format!("NAM#{kind}#{}", hash(&[name])),
        )
    }

    pub(crate) fn api_key(scope: &TenantScope, key: ApiKeyId) -> Self {
        Self::new(api_keys_partition(scope.tenant()), key.to_string())
    }

    pub(crate) fn tenant_key(tenant: TenantId, version: u32) -> Self {
        Self::new(tenant_key_partition(tenant), format!("{version:06}"))
    }

    /// What the tenant's next key is wrapped by.
    pub(crate) fn named_key(tenant: TenantId) -> Self {
        Self::new(tenant_partition(tenant), "KMS")
    }

    pub(crate) fn usage(scope: &TenantScope, counter: Counter) -> Self {
        let name = match counter {
            Counter::Accounts => "ACCOUNTS".to_owned(),
            Counter::Members => "MEMBERS".to_owned(),
            Counter::ApiKeys => "KEYS".to_owned(),
            Counter::Roles => "ROLES".to_owned(),
            Counter::AccountGroups => "GROUPS".to_owned(),
            Counter::MediaBytes => "MEDIA".to_owned(),
        };
        Self::new(tenant_partition(scope.tenant()), format!("USE#{name}"))
    }

    /// What is counted in a month, such as `2026-12`.
    pub(crate) fn month(scope: &TenantScope, month: &str) -> Self {
        Self::new(
            tenant_partition(scope.tenant()),
            format!("USE#POSTS#{month}"),
        )
    }

    /// What of a month, such as `2026-12`, is out.
    pub(crate) fn published(scope: &TenantScope, month: &str) -> Self {
        Self::new(
            tenant_partition(scope.tenant()),
            format!("USE#PUBLISHED#{month}"),
        )
    }

    // Accounts.

    /// What the sort keys of accounts begin with.
    pub(crate) const ACCOUNTS: &'static str = "ACC#";

    pub(crate) fn account(scope: &TenantScope, account: AccountId) -> Self {
        Self::new(tenant_partition(scope.tenant()), format!("ACC#{account}"))
    }

    pub(crate) fn credential(scope: &TenantScope, account: AccountId) -> Self {
        Self::new(
            credential_partition(scope.tenant()),
            format!("ACC#{account}"),
        )
    }

    pub(crate) fn account_budget(scope: &TenantScope, account: AccountId) -> Self {
        Self::new(
            format!("{}#BUD", tenant_partition(scope.tenant())),
            format!("ACC#{account}"),
        )
    }

    pub(crate) fn remote_account(network: &domain::network::NetworkId, remote_id: &str) -> Self {
        Self::new(
            format!("X#ACC#{}", hash(&[network.as_str(), remote_id])),
            ALONE,
        )
    }

    // Posts.

    pub(crate) fn post(scope: &TenantScope, post: PostId) -> Self {
        Self::new(post_partition(scope.tenant(), post), "HEAD")
    }

    pub(crate) fn body(scope: &TenantScope, post: PostId, revision: u32) -> Self {
        Self::new(
            post_partition(scope.tenant(), post),
            format!("BODY#{revision:06}"),
        )
    }

    pub(crate) fn delivery(scope: &TenantScope, post: PostId, account: AccountId) -> Self {
        Self::new(
            post_partition(scope.tenant(), post),
            format!("DLV#{account}"),
        )
    }

    pub(crate) fn attempt(
        scope: &TenantScope,
        post: PostId,
        delivery: DeliveryId,
        fence: u64,
    ) -> Self {
        Self::new(
            post_partition(scope.tenant(), post),
            format!("ATT#{delivery}#{fence:06}"),
        )
    }

    pub(crate) fn post_event(scope: &TenantScope, post: PostId, event: EventId) -> Self {
        Self::new(post_partition(scope.tenant(), post), format!("EVT#{event}"))
    }

    pub(crate) fn tenant_event(scope: &TenantScope, event: EventId) -> Self {
        Self::new(
            format!("{}#EVT", tenant_partition(scope.tenant())),
            event.to_string(),
        )
    }

    /// The part of the owner's audit log that begins with the event `first` of its chain.
    pub(crate) fn audit_block(owner: Owner, first: u64) -> Self {
        Self::new(audit_partition(owner), sequence_text(first))
    }

    /// What an owner keeps of the checkpoint over this end of their chain.
    pub(crate) fn audit_witness(owner: Owner, seq: u64) -> Self {
        Self::new(audit_partition(owner), witness_sort_key(seq))
    }

    pub(crate) fn remote_post(scope: &TenantScope, account: AccountId, remote_id: &str) -> Self {
        let partition = format!("{}#REM", account_partition(scope.tenant(), account));
        Self::new(partition, hash(&[remote_id]))
    }

    // Media.

    pub(crate) fn media(scope: &TenantScope, media: MediaId) -> Self {
        Self::new(media_partition(scope.tenant()), media.to_string())
    }

    // Exports and imports.

    pub(crate) fn export(scope: &TenantScope, export: ExportId) -> Self {
        Self::new(exports_partition(scope.tenant()), format!("HEAD#{export}"))
    }

    pub(crate) fn newest_export(scope: &TenantScope) -> Self {
        Self::new(exports_partition(scope.tenant()), "NEWEST".to_owned())
    }

    pub(crate) fn export_volume(scope: &TenantScope, export: ExportId, number: u32) -> Self {
        Self::new(
            exports_partition(scope.tenant()),
            format!("VOL#{export}#{number:06}"),
        )
    }

    pub(crate) fn import(scope: &TenantScope, import: ImportId) -> Self {
        Self::new(exports_partition(scope.tenant()), format!("IMP#{import}"))
    }

    pub(crate) fn import_turn(scope: &TenantScope) -> Self {
        Self::new(exports_partition(scope.tenant()), "TURN".to_owned())
    }

    // People.

    pub(crate) fn user(user: UserId) -> Self {
        Self::new(format!("U#{user}"), "META")
    }

    /// How many tenants the person has made.
    pub(crate) fn tenants_made(user: UserId) -> Self {
        Self::new(format!("U#{user}#TEN"), ALONE)
    }

    /// What is there from the end of a person's account on.
    pub(crate) fn departure(user: UserId) -> Self {
        Self::new(format!("U#{user}"), "GONE")
    }

    pub(crate) fn avatar(user: UserId) -> Self {
        Self::new(format!("U#{user}#AVA"), ALONE)
    }

    /// What the sort keys of sessions begin with.
    pub(crate) const SESSIONS: &'static str = "SES#";
    /// What the sort keys of refresh families begin with.
    pub(crate) const FAMILIES: &'static str = "RT#";

    /// What the sort keys of recovery codes begin with.
    pub(crate) const RECOVERY_CODES: &'static str = "REC#";

    /// What the sort keys of certificates begin with.
    pub(crate) const CERTIFICATES: &'static str = "ERA#";

    pub(crate) fn certificate(user: UserId, erased: TenantId) -> Self {
        Self::new(format!("U#{user}"), format!("ERA#{erased}"))
    }

    /// What the sort keys of devices begin with.
    pub(crate) const DEVICES: &'static str = "DEV#";

    pub(crate) fn device(user: UserId, mark: &SecretHash) -> Self {
        Self::new(format!("U#{user}"), format!("DEV#{}", mark.0))
    }

    pub(crate) fn authenticator(user: UserId) -> Self {
        Self::new(format!("U#{user}"), "TOTP")
    }

    pub(crate) fn recovery_code(user: UserId, code: &SecretHash) -> Self {
        Self::new(format!("U#{user}"), format!("REC#{}", code.0))
    }

    /// What the sort keys of passkeys begin with.
    pub(crate) const PASSKEYS: &'static str = "PSK#";

    pub(crate) fn passkey(user: UserId, passkey: PasskeyId) -> Self {
        Self::new(format!("U#{user}"), format!("PSK#{passkey}"))
    }

    pub(crate) fn authorization(scope: &TenantScope, state: &SecretHash) -> Self {
        Self::new(authorization_partition(scope.tenant()), state.0.clone())
    }

    pub(crate) fn ceremony(challenge: &SecretHash) -> Self {
        Self::new(format!("X#CER#{}", challenge.0), ALONE)
    }

    pub(crate) fn user_event(user: UserId, event: EventId) -> Self {
        Self::new(user_events_partition(user), event.to_string())
    }

    pub(crate) fn refresh_family(user: UserId, family: FamilyId) -> Self {
        Self::new(format!("U#{user}"), format!("RT#{family}"))
    }

    pub(crate) fn ended_program(user: UserId, root: FamilyId) -> Self {
        Self::new(format!("U#{user}"), format!("END#{root}"))
    }

    pub(crate) fn mail_guard(normalized: &str) -> Self {
        Self::new(format!("X#MAIL#{}", hash(&[normalized])), ALONE)
    }

    pub(crate) fn session(user: UserId, secret_hash: &SecretHash) -> Self {
        Self::new(format!("U#{user}"), format!("SES#{}", secret_hash.0))
    }

    pub(crate) fn one_time_token(secret_hash: &SecretHash) -> Self {
        Self::new(format!("X#OTT#{}", secret_hash.0), ALONE)
    }

    pub(crate) fn invitation_link(secret_hash: &SecretHash) -> Self {
        Self::new(format!("X#INV#{}", secret_hash.0), ALONE)
    }

    // The product itself.

    pub(crate) fn keyring() -> Self {
        Self::new("X#KEYS", ALONE)
    }

    pub(crate) fn rate_limit(purpose: &'static str, subject: &str) -> Self {
        Self::new(format!("X#RL#{purpose}#{}", hash(&[subject])), ALONE)
    }

    pub(crate) fn idempotency(scope: &TenantScope, route: &str, key: &str) -> Self {
        let owner = tenant_partition(scope.tenant());
        Self::new(format!("{owner}#IDEM#{}", hash(&[route, key])), ALONE)
    }

    /// For acts of a person outside of any tenant.
    pub(crate) fn idempotency_of_user(user: UserId, route: &str, key: &str) -> Self {
        Self::new(format!("U#{user}#IDEM#{}", hash(&[route, key])), ALONE)
    }

    pub(crate) fn owed_mail(mail: NoticeId) -> Self {
        Self::new(format!("X#MAILOUT#{mail}"), ALONE)
    }

    pub(crate) fn notice(notice: NoticeId) -> Self {
        Self::new(format!("X#NTC#{notice}"), ALONE)
    }
}

/// What is counted against a tenant's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Connected accounts.
    Accounts,
    /// Members.
    Members,
    /// API keys.
    ApiKeys,
    /// Roles that the tenant made.
    Roles,
    /// Account groups.
    AccountGroups,
    /// Stored bytes of media.
    MediaBytes,
}

pub(crate) fn tenant_partition(tenant: TenantId) -> String {
    format!("T#{tenant}")
}

pub(crate) fn api_keys_partition(tenant: TenantId) -> String {
    format!("T#{tenant}#KEY")
}

pub(crate) fn tenant_key_partition(tenant: TenantId) -> String {
    format!("T#{tenant}#TK")
}

pub(crate) fn credential_partition(tenant: TenantId) -> String {
    format!("{}#CRED", tenant_partition(tenant))
}

pub(crate) fn authorization_partition(tenant: TenantId) -> String {
    format!("{}#OAU", tenant_partition(tenant))
}

pub(crate) fn user_partition(user: UserId) -> String {
    format!("U#{user}")
}

pub(crate) fn user_memberships_partition(user: UserId) -> String {
    format!("U#{user}")
}

pub(crate) fn user_events_partition(user: UserId) -> String {
    format!("U#{user}#EVT")
}

pub(crate) fn post_partition(tenant: TenantId, post: PostId) -> String {
    format!("T#{tenant}#P#{post}")
}

pub(crate) fn audit_partition(owner: Owner) -> String {
    match owner {
        Owner::Tenant(tenant) => format!("T#{tenant}#AUD"),
        Owner::User(user) => format!("U#{user}#AUD"),
    }
}

/// After every block: letters come after digits.
pub(crate) fn witness_sort_key(seq: u64) -> String {
    format!("CP#{}", sequence_text(seq))
}

/// Whose items are in a partition of a tenant or a person.
pub(crate) fn owner_of(partition: &str) -> Option<Owner> {
    let mut parts = partition.split('#');
    match (parts.next()?, parts.next()?) {
        ("T", tenant) => tenant.parse().ok().map(Owner::Tenant),
        ("U", user) => user.parse().ok().map(Owner::User),
        _ => None,
    }
}

/// A place in a chain in fixed width: sorts like the number.
pub(crate) fn sequence_text(sequence: u64) -> String {
    format!("{sequence:015}")
}

pub(crate) fn media_partition(tenant: TenantId) -> String {
    format!("T#{tenant}#M")
}

pub(crate) fn exports_partition(tenant: TenantId) -> String {
    format!("T#{tenant}#EXP")
}

pub(crate) fn account_partition(tenant: TenantId, account: AccountId) -> String {
    format!("T#{tenant}#{account}")
}

pub(crate) fn calendar_partition(tenant: TenantId, due: Timestamp) -> String {
    format!("T#{tenant}#{}", month_text(due))
}

/// Fixed-width text of an instant on a whole second: sorts like the instant.
pub(crate) fn time_text(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The month (UTC) of an instant, such as `2026-12`.
pub(crate) fn month_text(instant: Timestamp) -> String {
    instant.strftime("%Y-%m").to_string()
}
