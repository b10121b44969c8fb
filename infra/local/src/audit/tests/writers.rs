//! A chain that many made at once, and what can be done to it.

use super::*;

impl World {
    /// An event happens, and whoever wrote it seals what waits then.
    async fn write_and_seal(&self, number: usize) {
        let act = Act {
            actor: Actor::User(self.member.user),
            at: self.clock.now(),
        };
        let tenant = self.table.tenant(&self.member.scope);
        let subject = Subject::Tenant(self.member.tenant);
        let detail = json!({ "number": number });
        let kind = EventKind::TenantChanged;
        tenant.record(&act, kind, subject, detail).await.unwrap();
        let system = self.table.system();
        let own = Owner::Tenant(self.member.tenant);
        let mut known = Vec::new();
        for shard in 0..system.shards() {
            for entry in system.attention(shard, act.at, 1_000).await.unwrap() {
                if let AttentionWork::Seal { owner, event } = entry.work
                    && owner == own
                {
                    known.push(event);
                }
            }
        }
        // Whoever meets too many others leaves it to them.
        let _ = system.seal(own, &known, act.at).await;
    }
}

/// Sixty-four who act and seal at once, in no order: their chain is whole, and whatever is done to it is found, wherever.
#[tokio::test(flavor = "multi_thread")]
async fn tampering_gaps_forks_and_cut_tails_are_found_in_a_chain_of_64_writers_at_once() {
    let world = World::new().await;
    futures::future::join_all((0..64).map(|number| world.write_and_seal(number))).await;
    world.happen(0).await;
    world.checkpoint().await;
    let events = world.events().await;
    let kept = world.kept();
    let whole = world.verify(&[events.clone(), kept.clone()].concat()).await;
    // With the making of the tenant.
    assert_eq!(whole.unwrap().proven, 65);
    let (key, own) = (
        public(&world.signer).await,
        Owner::Tenant(world.member.tenant),
    );
    let refused = async |lines: Vec<String>, named: &str, what: &str| {
        let lines = [lines, kept.clone()].concat();
        let refusal = verify_of(std::slice::from_ref(&key), Some(own), &lines).unwrap_err();
        let refusal = format!("{refusal:#}");
        assert!(refusal.contains(named), "{what}, {named}: {refusal}");
    };
    let event = |seq: usize| format!("event {seq}: ");

    // The first, the last, and some between them.
    for place in (0..events.len()).step_by(8) {
        let seq = place + 1;
        let record: AuditRecord = serde_json::from_str(&events[place]).unwrap();
        let mut tampered = events.clone();
        tampered[place] = with_detail(record.clone(), false);
        refused(tampered, &event(seq), "a changed event").await;
        let mut gap = events.clone();
        gap.remove(place);
        refused(gap, &event(seq), "a gap").await;
        // Another event with the same place, well sealed: what follows it, or the checkpoint, tells.
        let mut forked = events.clone();
        forked[place] = with_detail(record.clone(), true);
        let named = match events.get(seq) {
            Some(_) => event(seq + 1),
            None => "or a later one up to 65".to_owned(),
        };
        refused(forked, &named, "a fork").await;
        let mut both = events.clone();
        both.insert(seq, with_detail(record, true));
        refused(both, &event(seq + 1), "two of one place").await;
        let mut cut = events.clone();
        cut.truncate(place);
        refused(cut, &event(seq), "a cut tail").await;
        if seq < events.len() {
            let mut swapped = events.clone();
            swapped.swap(place, seq);
            refused(swapped, &event(seq), "another order").await;
        }
    }
}

/// The line of an event that says something else, with the hash that fits it or the old one.
fn with_detail(mut record: AuditRecord, is_sealed_anew: bool) -> String {
    record.event.detail = json!({ "name": "Eve" });
    if is_sealed_anew {
        record.hash = record.prev.followed_by(&record.event.canonical().unwrap());
    }
    serde_json::to_string(&record).unwrap()
}
