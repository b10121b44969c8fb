//! Somebody's account ends: whoever dies on the way, they are there with all that is theirs or not at all, and the sweeper
//! alone goes on until nothing but the mark and the audit log is left.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::faults::Effects;
use domain::event::EventKind;
use domain::membership::{AccountLimit, Role};
use domain::user::Origin;
use domain::{Clock as _, NoticeId, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Credential, CredentialKey, Departed, Departure, OwedMail, Session, UserAct};
use testkit::http::colleague;

use crate::READ_BACK;
use crate::deaths::die_everywhere;
use crate::sign_out::times;
use crate::world::{Process, World};

/// From one sweep to the next.
const SWEEPS: SignedDuration = SignedDuration::from_mins(5);
/// More than one call removes.
const DEVICES: usize = 30;

/// Somebody else owns the tenant, too, and much is stored of the member; their session.
async fn furnish(world: &World) -> Session {
    let role = Role::Owner.into();
    let (table, clock, member) = (&world.table, &world.clock, &world.member);
    colleague(table, clock, member, role, AccountLimit::Unlimited).await;
    world.sign_in().await;
    let of_person = format!("U#{}", member.user);
    let devices = (0..DEVICES).map(|number| (of_person.clone(), format!("DEV#{number}")));
    let count_of_tenants = (format!("{of_person}#TEN"), "-".to_owned());
    for (partition, sort) in devices.chain([count_of_tenants]) {
        let key = [("PK", partition), ("SK", sort)];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        world.put(HashMap::from(key)).await;
    }
    let sign_ins = table.system().sign_ins(member.user).await.unwrap();
    sign_ins.sessions.into_iter().next().unwrap()
}

/// What the request does.
async fn depart(world: &World, process: &Process, by: &Session) -> Result<()> {
    let table = &process.upkeep.reconciler.waker.table;
    let (system, user) = (table.system(), world.member.user);
    let Some(seen) = system.stored_user(user).await? else {
        return Ok(());
    };
    let leavings = system.leavings(user, Some(world.member.tenant)).await?;
    let now = world.clock.now();
    let departure = Departure {
        seen: &seen,
        by: &Credential::Session(by.clone()),
        leavings: &leavings,
        mail: &OwedMail {
            id: NoticeId::generate(table.ids()),
            sealed: Vec::new(),
            since: now,
            useless_from: now,
        },
        act: UserAct {
            at: now,
            kind: EventKind::UserDeleted,
            origin: Origin::default(),
            detail: Value::Null,
        },
    };
    let departed = system.depart(&departure).await?;
    assert_eq!(departed, Departed::Done);
    Ok(())
}

/// They delete themselves, until it is so, and the sweeper comes by.
async fn depart_and_sweep(world: &World, process: &Process, by: &Session) {
    depart(world, process, by).await.ok();
    world.clock.advance(SWEEPS);
    // What a failed one left is for the next.
    upkeep::finish_departures(&process.upkeep).await.ok();
}

/// Whether their session opens anything; it does exactly while there is a person.
async fn is_there(world: &World, by: &Session, place: &str) -> bool {
    let system = world.table.system();
    let shown = CredentialKey::Session {
        user: by.user,
        secret: by.secret.clone(),
        tenant: by.tenant,
    };
    let is_known = system.identify(&shown).await.unwrap().is_some();
    let person = system.user(by.user).await.unwrap();
    assert_eq!(is_known, person.is_some(), "{place}");
    is_known
}

#[tokio::test]
async fn id_16_end_of_an_account_that_dies_anywhere_is_whole_and_gone_on_with() {
    die_everywhere(READ_BACK, async |world, effects, place| {
        let session = furnish(world).await;
        let (user, tenant) = (world.member.user, world.member.tenant);
        let dying = world.start(effects.clone());
        let dead = effects.until_crash(depart_and_sweep(world, &dying, &session));
        dead.await;
        is_there(world, &session, place).await;

        depart_and_sweep(world, &world.start(Effects::default()), &session).await;

        assert!(!is_there(world, &session, place).await, "{place}");
        let items = world.copy().await;
        let text = |item: &HashMap<String, AttributeValue>, name: &str| {
            item.get(name).and_then(|value| value.as_s().ok().cloned())
        };
        let own = format!("U#{user}");
        let left = items
            .iter()
            .filter(|item| text(item, "PK").as_ref() == Some(&own));
        let left: Vec<_> = left.filter_map(|item| text(item, "SK")).collect();
        assert_eq!(left, ["GONE"], "{place}");
        let counter = format!("{own}#TEN");
        let counts = items
            .iter()
            .any(|item| text(item, "PK").as_ref() == Some(&counter));
        assert!(!counts, "{place}: how many tenants they made is forgotten");
        let ended = items.iter().filter_map(|item| text(item, "event"));
        let ended = ended.filter(|kind| kind == "user.deleted").count();
        assert_eq!(ended, 1, "{place}");
        let system = world.table.system();
        let due = system.departures_to_finish(Timestamp::MAX).await.unwrap();
        assert_eq!(due, [], "{place}: nobody looks at it any more");
        assert_eq!(times(world, EventKind::MemberRemoved).await, 1, "{place}");
        let members = world.table.tenant(&world.member.scope);
        assert_eq!(
            members.members_used().await.unwrap(),
            1,
            "{place}: {tenant}"
        );
    })
    .await;
}

#[tokio::test]
async fn follow_up_by_two_sweepers_at_once_ends_once() {
    let world = World::new(READ_BACK).await;
    let session = furnish(&world).await;
    let [one, two] = [Effects::default(), Effects::default()].map(|effects| world.start(effects));
    depart(&world, &one, &session).await.unwrap();
    world.clock.advance(SWEEPS);

    let both = futures::future::join(
        upkeep::finish_departures(&one.upkeep),
        upkeep::finish_departures(&two.upkeep),
    );
    let (one, two) = both.await;

    assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
    let system = world.table.system();
    let due = system.departures_to_finish(Timestamp::MAX).await.unwrap();
    assert_eq!(due, []);
}
