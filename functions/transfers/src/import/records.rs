//! Takes records: looks at each, and makes what it says unless it is a check only.

use std::collections::BTreeMap;

use cloud::objects::ObjectKey;
use domain::account::{Account, AccountState};
use domain::event::{Actor, EventKind, Subject};
use domain::import::{Import, ImportState, TakenAccount};
use domain::media::{ALT_TEXT_MAX, FILE_NAME_MAX, ImageType, Media, MediaState};
use domain::membership::{AccountGroup, CustomRole, GROUP_ACCOUNTS_MAX, Permission, name};
use domain::tenant::Tenant;
use domain::text::has_control_characters;
use domain::{AccountGroupId, AccountId, Error, Result, RoleId};
use jiff::Timestamp;
use pictures::Proven;
use serde_json::json;
use store::{Act, Commit, Defined, NewPost, Standing, StoredMedia, TenantTable};

use super::here::{Here, Met};
use super::limits;
use super::plan::{self, NewIds, PlannedPost};
use crate::Ctx;
use crate::bundle::{
    AccountGroupRecord, AccountRecord, MediaRecord, PostRecord, Record, RoleRecord,
};

/// Accounts of an export, connected ones and those of the past: what the item of an import can name.
const ACCOUNTS_MAX: usize = 2_000;

/// What became of a record.
pub(super) enum Taken {
    /// It is made, or would be.
    Made,
    /// There is nothing to make of it.
    Nothing,
    /// It is not taken, because of this.
    Not(&'static str),
}

/// What a record costs: decoding a picture takes as long as some dozens of writes.
pub(super) fn cost(record: &Record) -> u32 {
    match record {
        Record::Media(_) => 20,
        Record::Tenant(_)
        | Record::Account(_)
        | Record::AccountGroup(_)
        | Record::Role(_)
        | Record::Member(_)
        | Record::Post(_) => 1,
    }
}

/// Takes the records of one volume.
pub(super) struct Maker<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) tenant: &'a TenantTable<'a>,
    pub(super) head: &'a Tenant,
    /// The rights of whoever asked for the import.
    pub(super) standing: &'a Standing,
    /// What the tenant has already.
    pub(super) here: Here,
    /// The volume's files by their names.
    pub(super) files: BTreeMap<&'a str, &'a [u8]>,
    pub(super) now: Timestamp,
}

impl Maker<'_> {
    /// Takes one record.
    pub(super) async fn take(&mut self, import: &mut Import, record: &Record) -> Result<Taken> {
        match record {
            Record::Tenant(record) => self.settings(import, record).await,
            Record::Account(record) => self.account(import, record).await,
            Record::AccountGroup(record) => self.group(import, record).await,
            Record::Role(record) => self.role(import, record).await,
            // People come by invitation only.
            Record::Member(_) => Ok(Taken::Nothing),
            Record::Media(record) => self.media(import, record).await,
            Record::Post(record) => self.post(import, record).await,
        }
    }

    fn act(&self, import: &Import) -> Act {
        Act {
            actor: Actor::User(import.requested_by),
            at: self.now,
        }
    }

    /// An account of the export is the tenant's own that is the same one at its network; else it is kept without a
    /// credential, for the posts of the past.
    async fn account(&mut self, import: &mut Import, record: &AccountRecord) -> Result<Taken> {
        if let Err(code) = limits::identity(&record.identity) {
            return Ok(Taken::Not(code));
        }
        let taken = |id: AccountId| TakenAccount {
            id,
            network: record.network.clone(),
        };
        let who = (record.network.clone(), record.identity.remote_id.clone());
        if let Some(own) = self.here.accounts(self.tenant).await?.get(&who) {
            import.accounts.insert(record.id, taken(*own));
            return Ok(Taken::Nothing);
        }
        if import.accounts.len() >= ACCOUNTS_MAX {
            return Ok(Taken::Not("too_many_accounts"));
        }
        let id = AccountId::from_uuid(NewIds(import.id).of(record.id.as_uuid()));
        import.accounts.insert(record.id, taken(id));
        if is_made(import) {
            let account = Account {
                id,
                tenant: import.tenant,
                network: record.network.clone(),
                identity: record.identity.clone(),
                state: AccountState::Disconnected,
                credential_version: 0,
                checked_at: self.now,
                connected_by: import.requested_by,
                created_at: record.created_at,
            };
            self.tenant
                .import_account(&account, &self.act(import))
                .await?;
        }
        Ok(Taken::Made)
    }

    async fn group(&mut self, import: &Import, record: &AccountGroupRecord) -> Result<Taken> {
        let accounts = record.account_ids.iter();
        let accounts = accounts.map(|old| import.accounts.get(old).map(|taken| taken.id));
        let (Some(name), Some(accounts)) = (name(&record.name), accounts.collect()) else {
            return Ok(Taken::Not("invalid_value"));
        };
        let group = AccountGroup {
            id: AccountGroupId::from_uuid(NewIds(import.id).of(record.id.as_uuid())),
            name,
            accounts,
            members: 0,
            version: 1,
            created_at: record.created_at,
        };
        if group.accounts.len() > GROUP_ACCOUNTS_MAX {
            return Ok(Taken::Not("too_many_accounts"));
        }
        let act = self.act(import);
        let before = before(import, import.counts.account_groups);
        let here = self.here.groups(self.tenant).await?;
        match here.meets(group.id.as_uuid(), &group.name, before) {
            Met::Nothing => {}
            Met::Itself => return Ok(Taken::Made),
            Met::Obstacle(code) => return Ok(Taken::Not(code)),
        }
        if !is_made(import) {
            return Ok(Taken::Made);
        }
        here.add(group.id.as_uuid(), &group.name);
        let tenant = self.tenant;
        let defined = tenant.create_account_group(&group, None, self.standing, &act);
        made(defined.await, "too_many_groups")
    }

    async fn role(&mut self, import: &Import, record: &RoleRecord) -> Result<Taken> {
        let rights = &self.standing.rights;
        let is_sound = record.permissions.is_within(&rights.permissions)
            && !record.permissions.iter().any(Permission::is_owners_only);
        let (Some(name), true) = (name(&record.name), is_sound) else {
            return Ok(Taken::Not("invalid_value"));
        };
        let role = CustomRole {
            id: RoleId::from_uuid(NewIds(import.id).of(record.id.as_uuid())),
            name,
            permissions: record.permissions.clone(),
            members: 0,
            version: 1,
            created_at: record.created_at,
        };
        let act = self.act(import);
        let before = before(import, import.counts.roles);
        let here = self.here.roles(self.tenant).await?;
        match here.meets(role.id.as_uuid(), &role.name, before) {
            Met::Nothing => {}
            Met::Itself => return Ok(Taken::Made),
            Met::Obstacle(code) => return Ok(Taken::Not(code)),
        }
        if !is_made(import) {
            return Ok(Taken::Made);
        }
        here.add(role.id.as_uuid(), &role.name);
        let tenant = self.tenant;
        let defined = tenant.create_role(&role, None, self.standing, &act);
        made(defined.await, "too_many_roles")
    }

    /// The bytes are looked at as those of an upload: what is kept is what was decoded.
    async fn media(&self, import: &mut Import, record: &MediaRecord) -> Result<Taken> {
        let file = record.file.as_deref();
        let Some(bytes) = file.and_then(|file| self.files.get(file)) else {
            return Ok(Taken::Not("media_lost"));
        };
        let Some(declared) = ImageType::of_content_type(&record.facts.content_type) else {
            return Ok(Taken::Not("unsupported_type"));
        };
        let is_name = !record.file_name.trim().is_empty()
            && record.file_name.chars().count() <= FILE_NAME_MAX
            && !record.file_name.contains(['/', '\\', '\n', '\r', '\t'])
            && !has_control_characters(&record.file_name);
        let is_alt = record.alt_text.chars().count() <= ALT_TEXT_MAX
            && !has_control_characters(&record.alt_text);
        if !is_name || !is_alt {
            return Ok(Taken::Not("invalid_value"));
        }
        let bytes = bytes.to_vec();
        let proven = tokio::task::spawn_blocking(move || pictures::probe(&bytes, declared))
            .await
            .map_err(|error| Error::internal("a decoder panicked", error))?;
        let proven = match proven {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Taken::Not(Error::from(refusal).code())),
        };
        import.media_bytes = import.media_bytes.saturating_add(proven.facts.bytes);
        if !is_made(import) {
            return Ok(Taken::Made);
        }
        let id = NewIds(import.id).media(record.id);
        let media = Media {
            id,
            tenant: import.tenant,
            file_name: record.file_name.clone(),
            content_type: proven.facts.content_type.clone(),
            bytes: proven.facts.bytes,
            alt_text: record.alt_text.clone(),
            state: MediaState::Uploading,
            uses: 0,
            created_by: import.requested_by,
            created_at: record.created_at,
            updated_at: record.created_at,
        };
        let limit = self.head.limits.media_bytes;
        let act = self.act(import);
        self.tenant.import_media(&media, limit, &act).await?;
        self.keep(&media, proven, &act).await?;
        Ok(Taken::Made)
    }

    /// Keeps the bytes of a medium that awaits them: the item comes first, so that whoever dies on the way leaves no bytes
    /// that nothing names.
    async fn keep(&self, media: &Media, proven: Proven, act: &Act) -> Result<()> {
        let stored = self.tenant.media(media.id).await?;
        let awaits_bytes = stored
            .and_then(StoredMedia::live)
            .is_some_and(|live| live.media.state == MediaState::Uploading);
        if !awaits_bytes {
            // It was made before, or somebody has deleted it meanwhile.
            return Ok(());
        }
        let Proven { bytes, facts } = proven;
        let key = ObjectKey::new(media.tenant, media.id);
        let objects = &self.ctx.objects;
        objects.put(key, &facts.content_type, bytes).await?;
        let completed = self.tenant.complete_media(media.id, &facts, act).await?;
        if completed.is_none() {
            let stored = self.tenant.media(media.id).await?;
            if stored.and_then(StoredMedia::live).is_none() {
                // It was deleted between the look and now: nobody else would remove the bytes.
                objects.delete(key).await?;
            }
        }
        Ok(())
    }

    async fn post(&self, import: &mut Import, record: &PostRecord) -> Result<Taken> {
        let planned = match plan::post(import, record) {
            Ok(planned) => planned,
            Err(code) => return Ok(Taken::Not(code)),
        };
        let taken = if is_made(import) {
            self.create_post(import, &planned).await?
        } else {
            Taken::Made
        };
        let was_planned = record.when.is_some() && planned.post.schedule.is_none();
        if matches!(taken, Taken::Made) && was_planned {
            import.unscheduled_posts = import.unscheduled_posts.saturating_add(1);
        }
        Ok(taken)
    }

    async fn create_post(&self, import: &Import, planned: &PlannedPost) -> Result<Taken> {
        let id = planned.post.id;
        let new = NewPost {
            post: &planned.post,
            body: &planned.body,
            deliveries: &planned.deliveries,
            limits: self.head.limits,
            claim: None,
            events: vec![(
                EventKind::PostCreated,
                Subject::Post(id),
                json!({ "import": import.id, "targets": planned.deliveries.len() }),
            )],
        };
        match self.tenant.create_post(new, &self.act(import)).await? {
            Commit::Done => Ok(Taken::Made),
            // It was made before, or a medium of it is not there.
            Commit::Refused => Ok(match self.tenant.post(id).await? {
                Some(_) => Taken::Made,
                None => Taken::Not("unknown_media"),
            }),
        }
    }
}

/// Whether things are made, in contrast to a check.
pub(super) fn is_made(import: &Import) -> bool {
    import.state == ImportState::Importing
}

/// How many of a kind would have been made before the next one: a check makes none of those that it counts.
fn before(import: &Import, counted: u64) -> u64 {
    if is_made(import) { 0 } else { counted }
}

fn made(defined: Result<Defined>, too_many: &'static str) -> Result<Taken> {
    match defined {
        Ok(Defined::Done) => Ok(Taken::Made),
        Ok(Defined::NameTaken) => Ok(Taken::Not("name_taken")),
        // The rights of whoever asked changed in this moment: the next step looks at them anew.
        Ok(Defined::Stale | Defined::InUse) => Err(Error::StaleVersion),
        // Somebody made more of them meanwhile.
        Err(Error::QuotaExceeded { .. }) => Ok(Taken::Not(too_many)),
        Err(error) => Err(error),
    }
}
