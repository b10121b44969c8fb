//! The single table.
//!
//! [`Table::tenant`] with a [`TenantScope`] is the only door to a tenant's items; [`Table::system`] reaches what belongs
//! to no tenant. Only this crate knows keys and attribute names; items are private structs that become domain types when
//! they are read. One file per aggregate.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

mod account_groups;
mod accounts;
mod api_keys;
mod attempts;
mod attention;
mod attribute;
pub mod audit;
mod authorizations;
mod avatars;
mod ceremonies;
mod condition;
mod credentials;
mod deliveries;
mod departures;
mod device_admissions;
mod devices;
mod email_changes;
mod events;
mod factor_resets;
mod holders;
mod idempotency;
mod invitations;
mod item;
mod key;
mod keyring;
mod material;
mod media;
mod members;
mod memberships;
mod meter;
mod names;
pub mod notices;
mod one_time_tokens;
mod owed_mails;
mod passkeys;
mod passwords;
mod patience;
mod posts;
mod program_ends;
mod rate_leases;
mod rate_limits;
mod refresh_families;
mod remote_posts;
mod roles;
pub mod schema;
mod scope;
mod second_factors;
mod sessions;
mod shard;
mod sign_in_attempts;
mod sign_ins;
mod standing;
mod support;
mod table;
mod tenant_keys;
mod tenants;
mod transaction;
mod transfers;
mod usage;
mod user_events;
mod users;

pub use accounts::{
    AccountPage, Alignment, ConnectedBy, Connection, HeldForAccount, OwedSignOut,
    RefreshReservation, RemoteOwner, Saved, SealedCredential, SignOutEnd, Slot,
};
pub use attention::{
    AttentionCursor, AttentionEntry, AttentionPage, AttentionWork, Overdue, OverduePage,
    UnsettledPage, UnsettledPosition,
};
pub use authorizations::Authorization;
pub use avatars::Avatar;
pub use ceremonies::{Ceremony, CeremonyPurpose};
pub use credentials::{Credential, CredentialKey, Identified};
pub use deliveries::Step;
pub use departures::{Departed, Departure, Leaving};
pub use device_admissions::DeviceAdmission;
pub use devices::{DEVICE_LIFETIME, Device, Novelty};
pub use email_changes::{EmailChange, EmailRevert};
pub use events::Act;
pub use factor_resets::{FactorApproval, FactorResetWish, FactorsReset, ResetVerdict};
pub use holders::{Holders, Part};
pub use idempotency::IdempotencyClaim;
pub use invitations::{FoundInvitation, InvitationPage, Invited, Sending};
pub use key::SecretHash;
pub use keyring::{Keyring, RetiredSigningKeys, SigningKey};
pub use material::Material;
pub use media::{
    DeletedMedium, MediaCreated, MediaEdit, MediaPage, NewMedia, StoredMedia, VersionedMedia,
};
pub use members::{Admission, Admitted, MemberPage, MemberSaved};
pub use memberships::{Belonging, Member};
pub use meter::{Calls, Consumed, Meter};
pub use one_time_tokens::{NewToken, Token, TokenPurpose};
pub use owed_mails::OwedMail;
pub use passkeys::{Passkey, PasskeyUse};
pub use passwords::{PasswordChange, PasswordReset};
pub use posts::{
    CalendarPage, CalendarPosition, Card, CardTarget, Commit, CountEffort, CreatedPage,
    DeliveryChange, EventNote, NewPost, PostChange, PostRemoval, Published, Search, StoredPost,
    Timeline, TimelineAttempt, TimelineEvent,
};
pub use rate_leases::{Lease, RequestRate};
pub use rate_limits::RateLimit;
pub use refresh_families::{RefreshFamily, RefreshToken, Rotation};
pub use roles::Defined;
pub use scope::{SystemTable, TenantScope, TenantTable};
pub use second_factors::{Authenticator, Factor, FactorChange, FactorChanged};
pub use sessions::Session;
pub use shard::shard_of;
pub use sign_in_attempts::{AttemptCounter, AttemptLimit};
pub use sign_ins::{Opening, SignIn, SignIns};
pub use standing::Standing;
pub use support::{
    ConsentingTenant, SupportAccess, SupportBeginning, SupportBegun, SupportVisitPlace,
};
pub use table::{Settings, Table};
pub use tenant_keys::{KeyRotation, NamedKey, SealedCredentialPage};
pub use tenants::{
    Certificate, Erased, Erasure, NewTenant, Proof, SignedCertificate, TenantCreated,
};
pub use transfers::{
    ExportAdvance, ImportBegun, ImportTurn, Transfer, TransferFile, TransfersToErase,
};
pub use usage::{MonthUsage, Usage};
pub use user_events::{UserAct, UserEvent};
pub use users::{AddressStanding, Registered, Registration, StoredPassword, StoredUser, WayBack};
