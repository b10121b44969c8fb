//! Consent pages of networks that wait for their person. Each is good for one try, by the sign-in that asked for it, in
//! the tenant that it asked in, within minutes; the browser carries its state, everything else stays here.

use domain::network::NetworkId;
use domain::{AccountId, Error, Result, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::Saved;
use crate::attribute::{base64_bytes, instant, millis, text};
use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::{Key, SecretHash};
use crate::scope::{TenantScope, TenantTable};
use crate::table::Written;

/// A consent page that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The hash of its state.
    pub state: SecretHash,
    /// Who asked for it.
    pub user: UserId,
    /// By which sign-in: see [`Credential::sign_in`](crate::Credential::sign_in).
    pub sign_in: String,
    /// Where.
    pub network: NetworkId,
    /// The account that is to be connected again; none for a new one.
    pub account: Option<AccountId>,
    /// What the network's module needs in the end, sealed.
    pub sealed: Vec<u8>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct AuthorizationItem {
    ten: TenantId,
    hash: SecretHash,
    user: UserId,
    by: String,
    net: NetworkId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acc: Option<AccountId>,
    #[serde(with = "base64_bytes")]
    sealed: Vec<u8>,
    #[serde(with = "millis")]
    until: Timestamp,
    exp: i64,
}

impl Item for AuthorizationItem {
    const TYPE: &'static str = "authorization";

    fn key(&self) -> Key {
        Key::authorization(&TenantScope::of_own_item(self.ten), &self.hash)
    }
}

impl TenantTable<'_> {
    /// Remembers a consent page.
    pub async fn begin_authorization(&self, authorization: &Authorization) -> Result<()> {
        let item = AuthorizationItem {
            ten: self.scope.tenant(),
            hash: authorization.state.clone(),
            user: authorization.user,
            by: authorization.sign_in.clone(),
            net: authorization.network.clone(),
            acc: authorization.account,
            sealed: authorization.sealed.clone(),
            until: authorization.expires_at,
            exp: authorization.expires_at.as_second(),
        };
        let write = Write::put(item.key(), encode(&item)?).when(Condition::item_absent());
        match self.table.write(write).await? {
            Written::Applied(_) => Ok(()),
            Written::Refused(_) => Err(Error::internal(
                "a consent page cannot be remembered",
                "one with its state exists",
            )),
        }
    }

    /// A consent page that waits. `None` where there is none (any more), or it is not this person's, not of this sign-in or
    /// too old.
    pub async fn authorization(
        &self,
        state: &SecretHash,
        user: UserId,
        sign_in: &str,
        now: Timestamp,
    ) -> Result<Option<Authorization>> {
        let key = Key::authorization(&self.scope, state);
        let found: Option<AuthorizationItem> = self.table.get(&key).await?;
        let theirs =
            found.filter(|item| item.user == user && item.by == sign_in && now < item.until);
        Ok(theirs.map(|item| Authorization {
            state: item.hash,
            user: item.user,
            sign_in: item.by,
            network: item.net,
            account: item.acc,
            sealed: item.sealed,
            expires_at: item.until,
        }))
    }

    /// Uses up a consent page: of several who come back with it one gets [`Saved::Done`].
    pub async fn end_authorization(
        &self,
        authorization: &Authorization,
        now: Timestamp,
    ) -> Result<Saved> {
        let key = Key::authorization(&self.scope, &authorization.state);
        let still_waits = Condition::All(vec![
            Condition::Equals("user", text(authorization.user)),
            Condition::Equals("by", text(&authorization.sign_in)),
            Condition::Above("until", instant(now)),
        ]);
        let write = Write::delete(key).when(still_waits);
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => Saved::Done,
            Written::Refused(_) => Saved::Stale,
        })
    }
}
