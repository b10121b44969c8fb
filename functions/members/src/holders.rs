//! Changes of what others have: a role, or an account group.

use domain::membership::{AccountGroup, Action, CustomRole, PermissionSet, Relation, authorize};
use domain::{AccountId, Result};
use store::{Holders, Part, Standing};

use crate::Ctx;
use crate::asker::Asker;
use crate::denial::denied;

impl Ctx {
    /// Refuses a change of a role that would touch somebody with more than the caller has. What the decision rests on.
    pub(crate) async fn may_define_role(
        &self,
        asker: &Asker,
        role: &CustomRole,
        after: &PermissionSet,
    ) -> Result<Standing> {
        let holders = self.others_with(asker, Part::Role(role.id)).await?;
        let relation = Relation::Role {
            permissions: &role.permissions,
            holders: &holders.rights,
        };
        authorize(asker.rights(), Action::DefineRole(after), relation)
            .map_err(|denial| denied(denial, "role"))?;
        Ok(asker.standing.beside(&holders))
    }

    /// The same for an account group.
    pub(crate) async fn may_define_group(
        &self,
        asker: &Asker,
        group: &AccountGroup,
        after: impl IntoIterator<Item = AccountId>,
    ) -> Result<Standing> {
        let holders = self.others_with(asker, Part::Group(group.id)).await?;
        let accounts: Vec<AccountId> = group.accounts.iter().copied().collect();
        let after: Vec<AccountId> = after.into_iter().collect();
        let relation = Relation::Group {
            accounts: &accounts,
            holders: &holders.rights,
        };
        authorize(asker.rights(), Action::DefineGroup(&after), relation)
            .map_err(|denial| denied(denial, "account group"))?;
        Ok(asker.standing.beside(&holders))
    }

    /// Whoever has all that anybody but an owner can have outranks all of them: owners have neither a role that the tenant
    /// made nor a group.
    async fn others_with(&self, asker: &Asker, of: Part) -> Result<Holders> {
        if asker.rights().exceed_all_but_owners(asker.tenant) {
            return Ok(Holders::default());
        }
        let now = self.clock.now();
        self.tenant(asker).holders(of, asker.user, now).await
    }
}
