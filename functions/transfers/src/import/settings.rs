//! The settings of a tenant become those of the export. Its name stays, and it gets no looser.

use domain::event::{Actor, Event, EventKind, Owner, Subject};
use domain::import::Import;
use domain::network::NetworkId;
use domain::tenant::{DEFAULT_OPTIONS_BYTES_MAX, MAX_LATENESS_HOURS_MAX, Tenant};
use domain::{Error, EventId, OperationId, Result};
use serde_json::{Map, Value, json};

use super::records::{Maker, Taken, is_made};
use crate::bundle::TenantRecord;

impl Maker<'_> {
    /// Takes the settings that are in order.
    pub(super) async fn settings(&self, import: &Import, record: &TenantRecord) -> Result<Taken> {
        if !(1..=MAX_LATENESS_HOURS_MAX).contains(&record.max_lateness_hours) {
            return Ok(Taken::Not("invalid_value"));
        }
        let mut wanted = Tenant {
            time_zone: record.time_zone.clone(),
            locale: record.locale.clone(),
            week_start: record.week_start,
            max_lateness_hours: record.max_lateness_hours,
            ..self.head.clone()
        };
        let mut taken = Taken::Nothing;
        for (network, options) in &record.default_options {
            if self.takes(network, options) {
                let options = options.clone();
                wanted.default_options.insert(network.clone(), options);
            } else {
                taken = Taken::Not("invalid_options");
            }
        }
        let kind = EventKind::TenantChanged;
        let Some(before) = self.change(import, self.head, wanted, kind).await? else {
            return Ok(Taken::Not("stale_version"));
        };
        if !record.requires_second_factor || before.requires_second_factor {
            return Ok(taken);
        }
        // As for everybody who turns it on: whoever has none would lock themselves out, and perhaps be the only one who
        // could turn it off.
        let system = self.ctx.table.system();
        if !system.has_second_factor(import.requested_by).await? {
            return Ok(Taken::Not("second_factor_missing"));
        }
        let wanted = Tenant {
            requires_second_factor: true,
            ..before.clone()
        };
        let kind = EventKind::TenantSecurityChanged;
        Ok(match self.change(import, &before, wanted, kind).await? {
            Some(_) => taken,
            None => Taken::Not("stale_version"),
        })
    }

    /// Whether posts at the network can have these options.
    fn takes(&self, network: &NetworkId, options: &Map<String, Value>) -> bool {
        let options = Value::Object(options.clone());
        options.to_string().len() <= DEFAULT_OPTIONS_BYTES_MAX
            && self
                .ctx
                .networks
                .get(network)
                .is_some_and(|network| network.check_options(&options).is_ok())
    }

    /// The tenant after the change, if it is more than a check and there is one. `None` where somebody else changed it in
    /// this moment: theirs is newer.
    async fn change(
        &self,
        import: &Import,
        before: &Tenant,
        wanted: Tenant,
        kind: EventKind,
    ) -> Result<Option<Tenant>> {
        if !is_made(import) || wanted == *before {
            return Ok(Some(before.clone()));
        }
        let changed = Tenant {
            version: before.version.saturating_add(1),
            updated_at: self.now,
            ..wanted
        };
        let event = Event {
            id: EventId::generate(self.ctx.table.ids()),
            owner: Owner::Tenant(import.tenant),
            at: self.now,
            kind,
            actor: Actor::User(import.requested_by),
            subject: Subject::Tenant(import.tenant),
            origin: None,
            detail: json!({ "import": import.id }),
            operation: OperationId::generate(self.ctx.table.ids()),
        };
        match self.tenant.change_head(&changed, &event).await {
            Ok(()) => Ok(Some(changed)),
            Err(Error::StaleVersion) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
