//! Ending the session at the network of a disconnected account: its credential stays, sealed, until the network was told
//! or it is too late for that.
//!
//! It stays under its own key, so it opens as before and is sealed anew with all others when the tenant's key is rotated.
//! A remote account that is connected again becomes another account, with a credential of its own that this never touches.

use domain::account::Account;
use domain::event::{EventKind, Subject};
use domain::{AccountId, Result, TenantId};
use jiff::Timestamp;
use serde_json::json;

use super::{AccountItem, CredentialItem, Saved, SealedCredential};
use crate::attribute::{instant, number, text, value};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{decode, is};
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::{AttentionKind, attention_at, attention_shard};
use crate::table::Written;

/// A session that is to be ended.
#[derive(Clone, Debug)]
pub struct OwedSignOut {
    /// Whose it is.
    pub scope: TenantScope,
    /// The disconnected account.
    pub account: Account,
    /// What its network issued.
    pub credential: SealedCredential,
    /// When the account was disconnected.
    pub since: Timestamp,
    /// When the next try may begin.
    pub due: Timestamp,
    /// Tries that began before.
    pub tries: u32,
}

/// Why nobody needs to tell the network any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignOutEnd {
    /// It ended the session.
    Ended,
    /// It does not take the credential any more.
    WasOver,
    /// It could not be told for too long.
    GivenUp,
}

impl SystemTable<'_> {
    /// The sign-out that is owed for an account; `None` once it is done, and where none was.
    pub async fn owed_sign_out(
        &self,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<Option<OwedSignOut>> {
        let scope = TenantScope::of_own_item(tenant);
        let keys = [
            Key::account(&scope, account),
            Key::credential(&scope, account),
        ];
        let (mut owner, mut credential) = (None, None);
        for item in self.table.batch_get(&keys).await? {
            if is::<CredentialItem>(&item) {
                credential = Some(decode::<CredentialItem>(item)?);
            } else {
                owner = Some(Account::from(decode::<AccountItem>(item)?));
            }
        }
        let (Some(account), Some(credential)) = (owner, credential) else {
            return Ok(None);
        };
        let Some(since) = credential.since else {
            return Ok(None);
        };
        Ok(Some(OwedSignOut {
            scope,
            account,
            since,
            due: credential.nb.unwrap_or(since),
            tries: credential.tries.unwrap_or_default(),
            credential: credential.into(),
        }))
    }
}

impl TenantTable<'_> {
    /// Makes a credential one that only ends its session, from `at` on.
    pub(super) fn owe_sign_out(&self, account: AccountId, at: Timestamp) -> Result<Write> {
        let shard = attention_shard(account.as_uuid(), self.table.settings.shards);
        let actions = vec![
            Action::Set("kind", value(&AttentionKind::SignOut)?),
            Action::Set("id", text(account)),
            Action::Set(BY_ATTENTION.partition, text(shard)),
            Action::Set(BY_ATTENTION.sort, text(attention_at(at, account))),
            Action::Set("since", instant(at)),
            Action::Set("nb", instant(at)),
            Action::Set("tries", number(0)),
        ];
        let key = Key::credential(&self.scope, account);
        Ok(Write::update(key, actions).when(Condition::item_exists()))
    }

    /// Somebody was asked to end the session that was seen to want attention since `seen`: nobody else is before `until`.
    pub async fn note_sign_out_asked(
        &self,
        account: AccountId,
        seen: Timestamp,
        until: Timestamp,
    ) -> Result<()> {
        let actions = vec![Action::Set(
            BY_ATTENTION.sort,
            text(attention_at(until, account)),
        )];
        let unchanged = Condition::Equals(BY_ATTENTION.sort, text(attention_at(seen, account)));
        let write = Write::update(Key::credential(&self.scope, account), actions);
        // Refused where it is done, or somebody has begun meanwhile.
        match self.table.write(write.when(unchanged)).await? {
            Written::Applied(_) | Written::Refused(_) => Ok(()),
        }
    }

    /// Begins a try, alone until `again`. [`Saved::Stale`] where somebody else began one, or it is done.
    pub async fn begin_sign_out(&self, owed: &OwedSignOut, again: Timestamp) -> Result<Saved> {
        let account = owed.account.id;
        let actions = vec![
            Action::Set("nb", instant(again)),
            Action::Set("tries", number(owed.tries.saturating_add(1))),
            Action::Set(BY_ATTENTION.sort, text(attention_at(again, account))),
        ];
        let unchanged = Condition::All(vec![
            Condition::Equals("nb", instant(owed.due)),
            Condition::Equals("tries", number(owed.tries)),
        ]);
        let write = Write::update(Key::credential(&self.scope, account), actions);
        Ok(match self.table.write(write.when(unchanged)).await? {
            Written::Applied(_) => Saved::Done,
            Written::Refused(_) => Saved::Stale,
        })
    }

    /// Nobody needs to tell the network any more: the credential is gone. [`Saved::Stale`] where it was already.
    pub async fn end_sign_out(
        &self,
        owed: &OwedSignOut,
        end: SignOutEnd,
        act: &Act,
    ) -> Result<Saved> {
        let Account {
            id,
            network,
            identity,
            ..
        } = &owed.account;
        let kind = match end {
            SignOutEnd::Ended | SignOutEnd::WasOver => EventKind::AccountSignedOut,
            SignOutEnd::GivenUp => EventKind::AccountSignOutGivenUp,
        };
        let detail = json!({
            "network": network,
            "handle": identity.handle,
            "tries": owed.tries.saturating_add(1),
            "was_over": end == SignOutEnd::WasOver,
        });
        let delete = Write::delete(Key::credential(&self.scope, *id));
        self.saved(vec![
            delete.when(Condition::Exists("since")),
            self.event_write(act, kind, Subject::Account(*id), detail)?,
        ])
        .await
    }
}
