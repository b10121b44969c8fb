//! Imports into a tenant: announced, uploaded, checked, made or cancelled. The function `transfers` reads the files.

pub(crate) mod begin;
pub(crate) mod cancel;
pub(crate) mod read;
pub(crate) mod request;
mod view;

use api::Can;
use api::permission::ManageTenant;
use domain::import::Import;
use domain::membership::{AccountReach, Role};
use domain::{Error, ImportId, Result};

use crate::Ctx;

/// An import makes roles, groups, media and posts at all accounts: only whoever could make each of them may ask for one.
fn must_have_all_rights(caller: &Can<ManageTenant>) -> Result<()> {
    let rights = &caller.standing.rights;
    let has_all = Role::Admin.permissions().is_within(&rights.permissions);
    if has_all && rights.accounts == AccountReach::All {
        return Ok(());
    }
    Err(Error::Forbidden {
        code: "forbidden",
        detail: "an import needs all that an admin may do, at all accounts".to_owned(),
    })
}

/// Another one has the turn: two at once would make the same names twice, and each would count what the other makes.
fn another_under_way() -> Error {
    Error::conflict(
        "another_import_under_way",
        "one import at a time: somebody uploads the files of another one, or it is checked or made right now; wait until \
         it is done",
    )
}

impl Ctx {
    async fn import(&self, caller: &Can<ManageTenant>, id: ImportId) -> Result<Import> {
        must_have_all_rights(caller)?;
        let tenant = self.table.tenant(&caller.scope);
        let found = tenant.import(id, self.clock.now()).await?;
        found.ok_or(Error::NotFound { kind: "import" })
    }

    /// One that the caller may begin: it is made with the rights and in the name of whoever announced its files.
    async fn own_import(&self, caller: &Can<ManageTenant>, id: ImportId) -> Result<Import> {
        let import = self.import(caller, id).await?;
        if import.requested_by == caller.user {
            return Ok(import);
        }
        Err(Error::conflict(
            "not_your_import",
            "it is made in the name of whoever uploaded its files: ask them, or upload them yourself",
        ))
    }
}
