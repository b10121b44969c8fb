//! Whether looks into tenants are over: found out every minute, so that their ends are written whatever they are.

use domain::Result;
use domain::support::{SupportBinding, SupportEnd};
use jiff::Timestamp;

use super::visits::VisitItem;
use crate::attribute::text;
use crate::condition::{Action, Condition, Write};
use crate::events::Act;
use crate::item::is;
use crate::key::Key;
use crate::schema::BY_ATTENTION;
use crate::scope::TenantTable;
use crate::sessions::SessionItem;
use crate::shard::attention_at;
use crate::transaction::Transacted;

/// Where a look into a tenant is stored, as the index names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportVisitPlace(pub(crate) Key);

impl TenantTable<'_> {
    /// Finds out whether a look is over, and writes its end if it is; if not, somebody must find out again. `seen` is
    /// since when it wanted attention. May be repeated.
    pub async fn watch_support_visit(
        &self,
        place: &SupportVisitPlace,
        seen: Timestamp,
        act: &Act,
    ) -> Result<()> {
        let found: Option<VisitItem> = self.table.get(&place.0).await?;
        let Some(visit) = found.filter(VisitItem::is_open) else {
            return Ok(());
        };
        if let Some(end) = self.end_of(&visit, act.at).await? {
            let writes = self.visit_end(&visit, end, act)?;
            // Refused where somebody else was faster.
            let (Transacted::Done | Transacted::Refused(_)) =
                self.table.transact(writes.into()).await?;
            return Ok(());
        }
        let at = attention_at(visit.next_watch(act.at), &visit.id);
        let as_seen = Condition::Equals(BY_ATTENTION.sort, text(attention_at(seen, &visit.id)));
        let later = vec![Action::Set(BY_ATTENTION.sort, text(at))];
        self.table
            .write(Write::update(place.0.clone(), later).when(as_seen))
            .await?;
        Ok(())
    }

    /// Why a look is over; `None` while it is not.
    async fn end_of(&self, visit: &VisitItem, now: Timestamp) -> Result<Option<SupportEnd>> {
        // First: at that time other things may end as well, such as the sign-in.
        if visit.sup.until <= now {
            return Ok(Some(SupportEnd::Expired));
        }
        let keys = [Key::session(visit.user, &visit.ses), Key::tenant(visit.ten)];
        let items = self.table.batch_get(&keys).await?;
        let is_signed_in = items.iter().any(is::<SessionItem>);
        let system = self.table.system();
        let binding = SupportBinding::from(visit.sup.clone());
        let looked = system
            .looked_into(visit.user, &visit.ses, &binding, items)
            .await?;
        Ok(match looked {
            Err(end) => end,
            Ok(access) => {
                let signed_out = (!is_signed_in).then_some(SupportEnd::SignedOut);
                access.end(now).or(signed_out)
            }
        })
    }
}
