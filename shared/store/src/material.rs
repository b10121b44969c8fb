//! What a try of a delivery needs: several items, read at once.

use domain::account::Account;
use domain::post::Body;
use domain::tenant::Tenant;
use domain::{AccountId, Error, PostId, Result};

use crate::accounts::{AccountItem, CredentialItem, SealedCredential};
use crate::item::{decode, is};
use crate::key::Key;
use crate::posts::BodyItem;
use crate::scope::TenantTable;
use crate::tenants::TenantItem;

/// A delivery's tenant, account, credential and content, as they are now.
#[derive(Clone, Debug)]
pub struct Material {
    /// The tenant.
    pub tenant: Tenant,
    /// The account, also one that was disconnected.
    pub account: Option<Account>,
    /// Its credential; `None` once it is disconnected.
    pub credential: Option<SealedCredential>,
    /// The content at the revision.
    pub body: Option<Body>,
}

impl TenantTable<'_> {
    /// Reads it strongly consistently in one call: each further call of a try adds to its lateness.
    pub async fn material(
        &self,
        account: AccountId,
        post: PostId,
        revision: u32,
    ) -> Result<Material> {
        let keys = [
            Key::tenant(self.scope.tenant()),
            Key::account(&self.scope, account),
            Key::credential(&self.scope, account),
            Key::body(&self.scope, post, revision),
        ];
        let (mut tenant, mut found_account, mut credential, mut body) = (None, None, None, None);
        for item in self.table.batch_get(&keys).await? {
            if is::<TenantItem>(&item) {
                tenant = Some(Tenant::try_from(decode::<TenantItem>(item)?)?);
            } else if is::<AccountItem>(&item) {
                found_account = Some(decode::<AccountItem>(item)?.into());
            } else if is::<CredentialItem>(&item) {
                credential = decode::<CredentialItem>(item)?.in_use();
            } else {
                body = Some(decode::<BodyItem>(item)?.into());
            }
        }
        Ok(Material {
            tenant: tenant.ok_or(Error::NotFound { kind: "tenant" })?,
            account: found_account,
            credential,
            body,
        })
    }
}
