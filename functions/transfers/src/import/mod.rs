//! One step of an import: some records of the next volume.

mod here;
mod limits;
mod plan;
mod records;
mod settings;

use cloud::objects::ObjectKey;
use domain::import::{Import, ImportState, Place, ReadVolume, VOLUME_BYTES_MAX};
use domain::membership::{AccountReach, Role};
use domain::tenant::{Tenant, TenantState};
use domain::transfer::Pace;
use domain::{Error, ImportId, Result};
use jiff::Timestamp;
use store::{Standing, TenantScope, TenantTable};

use crate::Ctx;
use crate::bundle::{BundleFault, BundleReader, sha256};
use here::Here;
use records::{Maker, Taken};

/// What the records of one step may cost: a medium is decoded, everything else is a write or two.
const COST: u32 = 1_000;

/// Why an import cannot go on, by its stable code.
struct Stop(&'static str);

impl From<BundleFault> for Stop {
    fn from(fault: BundleFault) -> Self {
        Self(fault.code())
    }
}

/// Takes the next records of an import, none after `stop_at` but the first; answers whether the import is further now.
///
/// It is claimed first. Whoever dies on the way has made things that the next step finds made, for their ids follow from the
/// old ones.
pub(crate) async fn step(
    ctx: &Ctx,
    scope: &TenantScope,
    id: ImportId,
    stop_at: Timestamp,
) -> Result<bool> {
    let now = ctx.clock.now();
    let tenant = ctx.table.tenant(scope);
    let Some(seen) = tenant.import(id, now).await? else {
        return Ok(false);
    };
    if !seen.is_under_way() || !seen.pace.is_due(now) {
        return Ok(false);
    }
    if seen.has_failed_repeatedly() {
        let stopped = seen.stopped("failed_repeatedly").stepped(now);
        return Ok(tenant.advance_import(stopped).await?.is_some());
    }
    let Some(mut import) = tenant.advance_import(seen.claimed(now)).await? else {
        return Ok(false);
    };
    let claim = import.pace;
    let taken = take(ctx, &tenant, &mut import, stop_at).await;
    let ended = match taken {
        Ok(taken) => {
            let next = match taken {
                Ok(()) => import,
                Err(Stop(code)) => import.stopped(code),
            };
            let next = next.stepped(ctx.clock.now());
            tenant.advance_import(next).await
        }
        Err(error) => Err(error),
    };
    if !matches!(ended, Ok(Some(_))) {
        give_turn_back(ctx, &tenant, id, claim).await?;
    }
    Ok(ended?.is_some())
}

/// Somebody may have cancelled the import during its step, which has ended now: nobody has to wait for it any longer.
async fn give_turn_back(
    ctx: &Ctx,
    tenant: &TenantTable<'_>,
    id: ImportId,
    claim: Pace,
) -> Result<()> {
    let now = ctx.clock.now();
    let Some(seen) = tenant.import(id, now).await? else {
        return Ok(());
    };
    if seen.is_under_way() || Some(seen.pace) != claim.last_step() {
        return Ok(());
    }
    // Where it changed again, somebody else has begun it.
    tenant.advance_import(seen.stepped(now)).await.map(drop)
}

async fn take(
    ctx: &Ctx,
    tenant: &TenantTable<'_>,
    import: &mut Import,
    stop_at: Timestamp,
) -> Result<std::result::Result<(), Stop>> {
    let (head, standing) = match importer(ctx, import).await? {
        Ok(importer) => importer,
        Err(stop) => return Ok(Err(stop)),
    };
    let Some(volume) = volume(ctx, import).await? else {
        return Ok(Err(Stop("volume_missing")));
    };
    let mut reader = BundleReader::after(import.behind.clone());
    let contents = match reader.volume(&volume) {
        Ok(contents) => contents,
        Err(fault) => return Ok(Err(fault.into())),
    };
    let mut maker = Maker {
        ctx,
        tenant,
        head: &head,
        standing: &standing,
        here: Here::default(),
        files: contents.files.iter().copied().collect(),
        now: ctx.clock.now(),
    };
    let mut cost = 0_u32;
    let begin = usize::try_from(import.place.record).unwrap_or(usize::MAX);
    for record in contents.records.iter().skip(begin) {
        if cost >= COST || (cost > 0 && ctx.clock.now() >= stop_at) {
            return Ok(Ok(()));
        }
        let record = match record {
            Ok(record) => record,
            Err(fault) => return Ok(Err(fault.into())),
        };
        cost = cost.saturating_add(records::cost(&record));
        let line = import.place.record.saturating_add(1);
        match maker.take(import, &record).await {
            Ok(Taken::Made) => record.count(&mut import.counts),
            Ok(Taken::Nothing) => {}
            Ok(Taken::Not(code)) => import.note(line, code),
            Err(Error::QuotaExceeded { .. }) => return Ok(Err(Stop("plan_limit"))),
            Err(error) => return Err(error),
        }
        import.place.record = line;
    }
    let last = reader.last().cloned();
    let ended = end_of_volume(import, last);
    if import.state == ImportState::Checked && !fits(tenant, &head, import, maker.now).await? {
        import.fault = Some("plan_limit".to_owned());
    }
    Ok(ended)
}

/// Whether the plan has room for all that was checked. What an earlier try has made is counted twice: better a warning too
/// many than an import that stops where its check said nothing.
async fn fits(
    tenant: &TenantTable<'_>,
    head: &Tenant,
    import: &Import,
    now: Timestamp,
) -> Result<bool> {
    let used = tenant.usage(now).await?;
    let posts = used.month.posts.saturating_add(import.counts.posts);
    let media_bytes = used.media_bytes.saturating_add(import.media_bytes);
    Ok(posts <= head.limits.posts_per_month && media_bytes <= head.limits.media_bytes)
}

/// On to the next volume, or to the end.
fn end_of_volume(import: &mut Import, last: Option<ReadVolume>) -> std::result::Result<(), Stop> {
    let is_last = last.as_ref().is_some_and(|last| last.is_last);
    import.behind = last;
    import.place = Place {
        volume: import.place.volume.saturating_add(1),
        record: 0,
    };
    let is_end = usize::try_from(import.place.volume) == Ok(import.volumes.len());
    match (is_last, is_end) {
        (false, false) => Ok(()),
        (false, true) => Err(BundleFault::Incomplete.into()),
        (true, false) => Err(BundleFault::Order.into()),
        (true, true) => {
            import.state = if import.state == ImportState::Importing {
                ImportState::Done
            } else {
                ImportState::Checked
            };
            Ok(())
        }
    }
}

/// The tenant, and the rights of whoever asked: what an import makes, they could make one by one, at the time of each step.
async fn importer(
    ctx: &Ctx,
    import: &Import,
) -> Result<std::result::Result<(Tenant, Standing), Stop>> {
    let system = ctx.table.system();
    let member = system.member(import.requested_by, import.tenant).await?;
    let member = member.filter(|member| {
        let rights = &member.standing.rights;
        rights.accounts == AccountReach::All
            && Role::Admin.permissions().is_within(&rights.permissions)
            && member.tenant.state == TenantState::Active
            && !member.standing.lacks_second_factor
    });
    Ok(match member {
        Some(member) => Ok((member.tenant, member.standing)),
        None => Err(Stop("importer_lacks_rights")),
    })
}

/// The bytes of the volume that is next; `None` where they are not there, or not those that were announced.
async fn volume(ctx: &Ctx, import: &Import) -> Result<Option<bytes::Bytes>> {
    let place = usize::try_from(import.place.volume).unwrap_or(usize::MAX);
    let Some(terms) = import.volumes.get(place) else {
        return Ok(None);
    };
    let number = import.place.volume.saturating_add(1);
    let key = ObjectKey::import_upload(import.tenant, import.id, number);
    let bytes = match ctx.objects.get(key, VOLUME_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(Error::TooLarge { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(bytes.filter(|bytes| sha256(bytes) == terms.sha256))
}
