//! The consent of a tenant to be looked into.

use domain::event::{EventKind, Subject};
use domain::support::SupportConsent;
use domain::tenant::Tenant;
use domain::{Result, SupportConsentId, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attribute::{instant, millis, text};
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::{Item, decode, encode, is};
use crate::key::Key;
use crate::memberships::may_be_entered;
use crate::scope::{SystemTable, TenantScope, TenantTable};
use crate::standing::Standing;
use crate::tenants::TenantItem;
use crate::transaction::Transacted;

/// A tenant that lets itself be looked into.
#[derive(Clone, Debug)]
pub struct ConsentingTenant {
    /// The right to write into its log that somebody begins.
    pub scope: TenantScope,
    /// The tenant.
    pub tenant: Tenant,
    /// What it allowed. Its time is for the caller to check.
    pub consent: SupportConsent,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConsentItem {
    id: SupportConsentId,
    ten: TenantId,
    by: UserId,
    #[serde(with = "millis")]
    ca: Timestamp,
    #[serde(with = "millis")]
    until: Timestamp,
    exp: i64,
}

impl Item for ConsentItem {
    const TYPE: &'static str = "support_consent";

    fn key(&self) -> Key {
        Key::support_consent(self.ten)
    }
}

impl From<ConsentItem> for SupportConsent {
    fn from(item: ConsentItem) -> Self {
        Self {
            id: item.id,
            tenant: item.ten,
            given_by: item.by,
            given_at: item.ca,
            until: item.until,
        }
    }
}

impl TenantTable<'_> {
    /// What the tenant allowed last, whether or not it still holds.
    pub async fn support_consent(&self) -> Result<Option<SupportConsent>> {
        let key = Key::support_consent(self.scope.tenant());
        let found: Option<ConsentItem> = self.table.get(&key).await?;
        Ok(found.map(SupportConsent::from))
    }

    /// Lets support look into the tenant, in the place of the consent that was `seen`, and while the rights are what they
    /// were. Whether both were so: a consent that somebody took back meanwhile stays taken back.
    pub async fn allow_support(
        &self,
        consent: &SupportConsent,
        seen: Option<&SupportConsent>,
        standing: &Standing,
        act: &Act,
    ) -> Result<bool> {
        let item = ConsentItem {
            id: consent.id,
            ten: consent.tenant,
            by: consent.given_by,
            ca: consent.given_at,
            until: consent.until,
            exp: consent.until.as_second(),
        };
        let is_seen = seen.map_or_else(Condition::item_absent, |seen| {
            Condition::All(vec![
                Condition::Equals("id", text(seen.id)),
                Condition::Equals("until", instant(seen.until)),
            ])
        });
        let subject = Subject::Tenant(self.scope.tenant());
        let detail = json!({ "until": consent.until });
        let mut writes = vec![
            Write::put(item.key(), encode(&item)?).when(is_seen),
            self.event_write(act, EventKind::SupportAllowed, subject, detail)?,
        ];
        standing.hold(&mut writes);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }

    /// Ends a consent, as it was read, and the looks that rest on it. Whether it was still that one, and none of these
    /// ended meanwhile.
    pub async fn withdraw_support(&self, seen: &SupportConsent, act: &Act) -> Result<bool> {
        let key = Key::support_consent(self.scope.tenant());
        let ended = Write::update(key, vec![Action::Set("until", instant(act.at))]);
        let is_seen = Condition::All(vec![
            Condition::Equals("id", text(seen.id)),
            Condition::Above("until", instant(act.at)),
        ]);
        let subject = Subject::Tenant(self.scope.tenant());
        let mut writes = vec![
            ended.when(is_seen),
            self.event_write(act, EventKind::SupportWithdrawn, subject, Value::Null)?,
        ];
        writes.extend(self.ends_of_visits(act).await?);
        let transacted = self.table.transact(writes).await?;
        Ok(matches!(transacted, Transacted::Done))
    }
}

impl SystemTable<'_> {
    /// A tenant that has allowed support, if it may be entered.
    pub async fn consenting_tenant(&self, tenant: TenantId) -> Result<Option<ConsentingTenant>> {
        let keys = [Key::tenant(tenant), Key::support_consent(tenant)];
        let (mut found, mut consent) = (None, None);
        for attributes in self.table.batch_get(&keys).await? {
            if is::<ConsentItem>(&attributes) {
                consent = Some(SupportConsent::from(decode::<ConsentItem>(attributes)?));
            } else {
                found = Some(Tenant::try_from(decode::<TenantItem>(attributes)?)?);
            }
        }
        let both = found.filter(may_be_entered).zip(consent);
        Ok(both.map(|(tenant, consent)| ConsentingTenant {
            scope: TenantScope::of_consent(&consent),
            tenant,
            consent,
        }))
    }
}

#[cfg(test)]
mod tests {
    use domain::event::Actor;
    use domain::membership::Rights;
    use domain::tenant::ROOT_TENANT;
    use jiff::SignedDuration;
    use testkit::TestClock;

    use super::*;
    use crate::{Settings, Table, schema};

    #[tokio::test]
    async fn id_42_consent_that_was_taken_back_meanwhile_is_not_given_by_a_longer_one() {
        let clock = TestClock::at("2026-12-01T08:00:00Z");
        let client = testkit::table::client().await;
        schema::create_if_absent(&client, "support").await.unwrap();
        let settings = Settings {
            name: "support".to_owned(),
            shards: 4,
        };
        let table = Table::new(client, settings, testkit::clock::ids(&clock));
        let scope = TenantScope::of_own_item(ROOT_TENANT);
        let tenant = table.tenant(&scope);
        let now = domain::Clock::now(&clock);
        let act = Act {
            actor: Actor::system("owner"),
            at: now,
        };
        let standing = Standing::of(Rights::of_support());
        let first = SupportConsent {
            id: SupportConsentId::generate(table.ids()),
            tenant: ROOT_TENANT,
            given_by: UserId::generate(table.ids()),
            given_at: now,
            until: now + SignedDuration::from_hours(24),
        };
        let longer = SupportConsent {
            until: now + SignedDuration::from_hours(72),
            ..first.clone()
        };
        let allow = async |consent, seen| {
            let allowed = tenant.allow_support(consent, seen, &standing, &act).await;
            allowed.unwrap()
        };

        assert!(allow(&first, None).await);
        assert!(!allow(&longer, None).await);
        assert!(tenant.withdraw_support(&first, &act).await.unwrap());
        assert!(!allow(&longer, Some(&first)).await);

        let stored = tenant.support_consent().await.unwrap().unwrap();
        assert!(!stored.holds(now));
        assert!(allow(&longer, Some(&stored)).await);
    }
}
