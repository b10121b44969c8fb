//! Exports of a tenant: asked for, looked at, downloaded. The function `transfers` makes them.

pub(crate) mod links;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod view;

use api::Can;
use api::permission::ExportTenant;
use domain::Result;

use crate::reach;

/// An export has all accounts, also those that do not exist for somebody who is limited to some.
fn must_reach_all(caller: &Can<ExportTenant>) -> Result<()> {
    let refusal = "you are limited to some accounts: ask somebody who is not to export everything";
    reach::must_reach_all(&caller.scope, refusal)
}
