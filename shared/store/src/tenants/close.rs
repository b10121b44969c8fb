//! Deleting a tenant: the head first, then what must not outlive it, from the tenant's attention entry on.

use domain::TenantId;
use domain::account::{Account, AccountState};
use domain::delivery::timing::after;
use domain::event::{Actor, Event};
use domain::tenant::{Tenant, TenantState, erased_from};
use domain::{AccountId, Result, UserId};
use jiff::{SignedDuration, Timestamp};

use super::TenantItem;
use crate::accounts::Saved;
use crate::attribute::{number, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, encode};
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::{SystemTable, TenantTable};
use crate::shard::{AttentionKind, attention_at, attention_shard};

/// Accounts of a page that is looked at.
const PAGE: i32 = 100;
/// Accounts that one call disconnects.
const CHUNK: usize = 20;
/// A request that was let in before the deletion has ended after this time: nothing is connected any more.
const LAST_REQUEST: SignedDuration = SignedDuration::from_mins(1);

impl TenantTable<'_> {
    /// Stores a tenant that is deleted from now on, as [`Self::change_head`] does; what it leaves behind wants attention
    /// at once. `by` gets the certificate when it is erased.
    pub async fn delete_head(&self, deleted: &Tenant, by: UserId, event: &Event) -> Result<()> {
        let item = TenantItem {
            del_by: Some(by),
            ..TenantItem::from(deleted)
        };
        let mut attributes = encode(&item)?;
        attributes.insert("kind".to_owned(), value(&AttentionKind::Tenant)?);
        let shard = attention_shard(deleted.id.as_uuid(), self.table.settings.shards);
        attributes.insert(BY_ATTENTION.partition.to_owned(), text(shard));
        let at = attention_at(deleted.updated_at, deleted.id);
        attributes.insert(BY_ATTENTION.sort.to_owned(), text(at));
        let head = Write::put(item.key(), attributes);
        self.replace_head(head, deleted, event, Vec::new()).await
    }

    /// Disconnects the next accounts of a deleted tenant: their remote accounts can be connected elsewhere, the
    /// ends of their sessions there are owed, and their waiting posts are cancelled. Answers whether there is nothing left to do for now;
    /// if not, call again. May be repeated.
    pub async fn close(&self, now: Timestamp) -> Result<bool> {
        let head = self.head().await?;
        if head.state != TenantState::Deleted {
            return Ok(true);
        }
        let act = Act {
            actor: Actor::system("tenants"),
            at: now,
        };
        let connected = self.some_connected().await?;
        for account in &connected {
            // Where it changed meanwhile the next call takes it.
            let _: Saved = self.disconnect_account(account, &act).await?;
        }
        if !connected.is_empty() {
            return Ok(false);
        }
        self.look_again_or_end(&head, now).await?;
        Ok(true)
    }

    async fn some_connected(&self) -> Result<Vec<Account>> {
        let mut connected = Vec::new();
        let mut after: Option<AccountId> = None;
        loop {
            let page = self.account_page(after, PAGE).await?;
            let live = |account: &Account| account.state != AccountState::Disconnected;
            connected.extend(page.accounts.into_iter().filter(live));
            connected.truncate(CHUNK);
            after = page.next;
            if after.is_none() || connected.len() == CHUNK {
                return Ok(connected);
            }
        }
    }

    /// A request that was under way during the deletion may still connect an account: looks once more behind it. Then the
    /// tenant waits to be erased.
    async fn look_again_or_end(&self, head: &Tenant, now: Timestamp) -> Result<()> {
        let last_look = after(head.updated_at, LAST_REQUEST);
        let actions = if now < last_look {
            let at = attention_at(last_look, head.id);
            vec![Action::Set(BY_ATTENTION.sort, text(at))]
        } else {
            let entry = self.erasure_entry(erased_from(head.updated_at))?;
            entry
                .into_iter()
                .map(|(name, value)| Action::Set(name, value))
                .collect()
        };
        let update = Write::update(Key::tenant(head.id), actions);
        // Not one that came back meanwhile, nor one that waits for its erasure already.
        let still_waits = Condition::All(vec![
            Condition::Equals("kind", value(&AttentionKind::Tenant)?),
            Condition::Equals("ver", number(head.version)),
        ]);
        self.table.write(update.when(still_waits)).await?;
        Ok(())
    }
}

impl SystemTable<'_> {
    /// A tenant that was deleted, and may be erased; `None` for one that lives, or never was.
    pub async fn deleted_tenant(&self, tenant: TenantId) -> Result<Option<Tenant>> {
        let head = self.tenant_head(tenant).await?;
        Ok(head.filter(Tenant::is_deleted))
    }

    /// A tenant in whatever state.
    pub async fn tenant_head(&self, tenant: TenantId) -> Result<Option<Tenant>> {
        let head: Option<TenantItem> = self.table.get(&Key::tenant(tenant)).await?;
        head.map(Tenant::try_from).transpose()
    }
}
