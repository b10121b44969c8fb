//! Brings the deliveries of an account into line with its state: held while it must be connected again, resumed when it
//! is, cancelled when it was disconnected.
//!
//! Every step is a transition with its own guard, and the place reached is stored in the account: whoever dies in
//! between, somebody else goes on, and a repeat changes nothing.

use domain::account::{Account, AccountState};
use domain::delivery::timing::SETTLE;
use domain::delivery::{Delivery, DeliveryKey, HoldReason, State, Transition, acts};
use domain::event::{Actor, EventKind, Subject};
use domain::{AccountId, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::json;

use super::item::AccountItem;
use crate::attribute::{number, text, text_of, value};
use crate::condition::{Action, Condition, Write};
use crate::deliveries::{key_in_entry, transition_write};
use crate::events::Act;
use crate::key::{Key, account_partition};
use crate::schema::{BY_ACCOUNT, BY_ATTENTION};
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::shard::attention_at;
use crate::table::{Query, Range};
use crate::transaction::Transacted;
use crate::usage::give_back;

/// Deliveries that one call brings into line.
const CHUNK: i32 = 90;
/// Deliveries that are changed at once.
const AT_ONCE: usize = 8;

/// What a call of [`TenantTable::align_deliveries`] did.
#[derive(Debug)]
pub struct Alignment {
    /// The deliveries that wait for their time again: their messages should be sent.
    pub resumed: Vec<Delivery>,
    /// Whether all deliveries of the account are in line; if not, call again.
    pub is_complete: bool,
}

/// How an attempt to make a delivery wait for its account ended.
#[derive(Debug)]
pub enum HeldForAccount {
    /// It waits, now or since an attempt whose answer was lost.
    Held(Box<Delivery>),
    /// The account does not need a person any more: whoever changed it may have looked for waiting deliveries already.
    AccountChanged,
    /// The delivery is not in a state that allows it.
    Refused,
}

impl SystemTable<'_> {
    /// Makes a delivery wait for its account by `transition`, only while the account waits for a person: together, for
    /// nobody would come back to a delivery that waits for a healthy account.
    pub async fn hold_for_account(
        &self,
        key: &DeliveryKey,
        transition: &Transition,
        now: Timestamp,
    ) -> Result<HeldForAccount> {
        const ACCOUNT: usize = 1;
        let scope = TenantScope::of_own_item(key.tenant);
        let tenant = self.table.tenant(&scope);
        let waits_for_person = Condition::Equals("st", value(&AccountState::ReconnectNeeded)?);
        let act = Act {
            actor: Actor::system("publishing"),
            at: now,
        };
        let detail =
            json!({ "account_id": key.account, "account_state": AccountState::ReconnectNeeded });
        let subject = Subject::Delivery(key.post, key.delivery);
        let writes = vec![
            transition_write(&scope, self.table.settings.shards, key, transition)?,
            Write::update(Key::account(&scope, key.account), Vec::new()).when(waits_for_person),
            tenant.event_write(&act, EventKind::TargetHeld, subject, detail)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(self
                .delivery(key)
                .await?
                .map_or(HeldForAccount::Refused, |delivery| {
                    HeldForAccount::Held(Box::new(delivery))
                })),
            Transacted::Refused(refused) if refused.iter().all(|write| write.index == ACCOUNT) => {
                Ok(HeldForAccount::AccountChanged)
            }
            Transacted::Refused(_) => Ok(HeldForAccount::Refused),
        }
    }
}

/// The account as a pass over its deliveries saw it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    account: &'a Account,
    turn: u64,
}

impl TenantTable<'_> {
    /// Brings the next chunk of deliveries of an account into line with the account's state. The use case that changed
    /// the account calls it once; whoever follows the account's attention entry calls it until it is complete.
    pub async fn align_deliveries(&self, account: AccountId, now: Timestamp) -> Result<Alignment> {
        let key = Key::account(&self.scope, account);
        let Some(item) = self.table.get::<AccountItem>(&key).await? else {
            return Ok(Alignment {
                resumed: Vec::new(),
                is_complete: true,
            });
        };
        let owner = Account::from(item.clone());
        let range = item.pos.clone().map_or(Range::All, Range::Above);
        let partition = account_partition(self.scope.tenant(), account);
        let query = Query::of_index(BY_ACCOUNT, partition, range).limit(CHUNK);
        let page = self.table.query(&query, None).await?;
        let reached = page
            .items
            .last()
            .and_then(|entry| text_of(entry, BY_ACCOUNT.sort).map(ToOwned::to_owned));
        let keys = page
            .items
            .into_iter()
            .map(|entry| key_in_entry(self.scope.tenant(), account, &entry))
            .collect::<Result<Vec<_>>>()?;
        let at_once = match owner.state {
            // Each of these is bound to the account, or gives back what is counted of its month, which only one
            // transaction at a time can do.
            AccountState::ReconnectNeeded | AccountState::Disconnected => 1,
            AccountState::Connected => AT_ONCE,
        };
        let seen = Seen {
            account: &owner,
            turn: item.turn,
        };
        let resumed = stream::iter(keys.into_iter().map(|key| self.align(seen, key, now)))
            .buffer_unordered(at_once)
            .try_filter_map(|resumed| std::future::ready(Ok(resumed)))
            .try_collect()
            .await?;
        let is_last = page.next.is_none();
        let counts = item.is_index_current(now);
        if counts {
            self.note_progress(account, item.turn, reached.filter(|_| !is_last), now)
                .await?;
        }
        Ok(Alignment {
            resumed,
            is_complete: is_last && counts,
        })
    }

    /// Answers with the delivery if it was resumed.
    async fn align(
        &self,
        Seen { account, turn }: Seen<'_>,
        key: DeliveryKey,
        now: Timestamp,
    ) -> Result<Option<Delivery>> {
        let system = self.table.system();
        let Some(delivery) = system.delivery(&key).await? else {
            return Ok(None);
        };
        let Some((transition, kind)) = due_transition(account.state, &delivery, now) else {
            return Ok(None);
        };
        let shards = self.table.settings.shards;
        let act = Act {
            actor: Actor::system("accounts"),
            at: now,
        };
        let subject = Subject::Delivery(delivery.post, delivery.id);
        let detail = json!({ "account_id": account.id, "account_state": account.state });
        let mut writes = vec![
            transition_write(&self.scope, shards, &key, &transition)?,
            self.event_write(&act, kind, subject, detail)?,
        ];
        if account.state == AccountState::Disconnected {
            writes.extend(give_back(&self.scope, &delivery));
        }
        if account.state == AccountState::ReconnectNeeded {
            // Together: whoever connected the account meanwhile may have looked for waiting deliveries already.
            let is_same_turn = Condition::Equals("turn", number(turn));
            let account = Key::account(&self.scope, account.id);
            writes.push(Write::update(account, Vec::new()).when(is_same_turn));
        }
        match self.table.transact(writes).await? {
            Transacted::Done if account.state == AccountState::Connected => {
                system.delivery(&key).await
            }
            // Refused where it moved on meanwhile: a call that has begun is never taken back.
            Transacted::Done | Transacted::Refused(_) => Ok(None),
        }
    }

    /// Stores the place reached, or that there is nothing left to do. Only for the state that was seen: a later change
    /// of the account begins anew.
    async fn note_progress(
        &self,
        account: AccountId,
        turn: u64,
        reached: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        let actions = match reached {
            Some(position) => vec![
                Action::Set("pos", text(position)),
                Action::Set(BY_ATTENTION.sort, text(attention_at(now, account))),
            ],
            None => vec![
                Action::Remove("pos"),
                Action::Remove(BY_ATTENTION.partition),
                Action::Remove(BY_ATTENTION.sort),
            ],
        };
        let update = Write::update(Key::account(&self.scope, account), actions);
        let is_same_turn = Condition::Equals("turn", number(turn));
        self.table.write(update.when(is_same_turn)).await?;
        Ok(())
    }
}

/// What the account's state asks of a delivery, and the event that tells of it.
fn due_transition(
    state: AccountState,
    delivery: &Delivery,
    now: Timestamp,
) -> Option<(Transition, EventKind)> {
    let due = delivery.due?;
    let latest_start = delivery
        .deadline
        .and_then(|deadline| deadline.checked_sub(SETTLE).ok())
        .unwrap_or(due);
    let (transition, kind) = match state {
        AccountState::Connected => {
            let waits_for_account = delivery.state == State::Held
                && delivery.hold == Some(HoldReason::Account)
                // Else it is missed, and whoever finds that says so.
                && now <= latest_start;
            waits_for_account.then(|| (acts::resume(due, now), EventKind::TargetResumed))?
        }
        AccountState::ReconnectNeeded => {
            let hold = acts::hold(HoldReason::Account, latest_start);
            (hold, EventKind::TargetHeld)
        }
        AccountState::Disconnected => (acts::cancel(), EventKind::TargetCancelled),
    };
    delivery.apply(&transition).ok()?;
    Some((transition.only_of(delivery.revision), kind))
}
