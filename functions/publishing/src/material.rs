//! What a delivery is made of: read fresh, for everything may have changed since it was scheduled.

use domain::account::{Account, AccountState};
use domain::delivery::decisions::Settlement;
use domain::delivery::{Delivery, HoldReason};
use domain::media::Media;
use domain::post::{Content, TargetContent};
use domain::tenant::TenantState;
use domain::{Error, MediaId, Result};
use store::{SealedCredential, TenantScope};

use crate::Ctx;
use crate::faults;

/// Everything that is needed to publish, or why it cannot be.
#[derive(Debug)]
pub(crate) enum Material {
    Present(Box<Present>),
    Missing(Box<Settlement>),
}

/// Everything that is needed to publish.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) account: Account,
    pub(crate) credential: SealedCredential,
    pub(crate) content: Content,
    pub(crate) target: TargetContent,
    pub(crate) media: Vec<Media>,
}

impl Present {
    /// A medium of the content.
    pub(crate) fn medium(&self, id: MediaId) -> Option<&Media> {
        self.media.iter().find(|media| media.id == id)
    }
}

/// Reads the tenant, the account, its credential, and the body revision that the delivery was claimed with.
pub(crate) async fn load(ctx: &Ctx, delivery: &Delivery) -> Result<Material> {
    let missing = |settlement| Ok(Material::Missing(Box::new(settlement)));
    let scope = TenantScope::of_delivery(delivery);
    let table = ctx.table.tenant(&scope);
    let store::Material {
        tenant,
        account,
        credential,
        body,
    } = table
        .material(delivery.account, delivery.post, delivery.body)
        .await?;
    if tenant.state != TenantState::Active {
        return missing(Settlement::Held(
            HoldReason::Tenant,
            faults::tenant_inactive(),
        ));
    }
    let (Some(account), Some(credential)) = (account, credential) else {
        return missing(Settlement::Cancelled(faults::account_gone()));
    };
    match account.state {
        AccountState::Connected => {}
        AccountState::Disconnected => {
            return missing(Settlement::Cancelled(faults::account_gone()));
        }
        AccountState::ReconnectNeeded => {
            return missing(Settlement::Held(
                HoldReason::Account,
                faults::reconnect_needed(),
            ));
        }
    }
    let body = body.ok_or(Error::Corrupt {
        what: "post body",
        cause: None,
    })?;
    let target = body
        .targets
        .iter()
        .find(|target| target.delivery == delivery.id)
        .cloned();
    let target = target.ok_or(Error::Corrupt {
        what: "post body without the target",
        cause: None,
    })?;
    let content = body.content_of(&target);
    let wanted: Vec<MediaId> = content
        .media
        .iter()
        .chain(content.thread.iter().flat_map(|part| &part.media))
        .copied()
        .collect();
    let media = table.media_of_ids(&wanted).await?;
    Ok(Material::Present(Box::new(Present {
        account,
        credential,
        content,
        target,
        media,
    })))
}
