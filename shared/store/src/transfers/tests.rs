//! How exports and imports are stored: as hosts of other versions read and wrote them.

use domain::Result;
use domain::export::Export;
use domain::import::Import;
use serde_json::{Value, json};

use super::exports::ExportItem;
use super::imports::ImportItem;
use crate::attribute::Attributes;
use crate::item::{Item, decode, encode};
use crate::schema::{BY_ATTENTION, PK, SK};

const AT: &str = "2026-12-01T08:00:00Z";

fn with(mut common: Value, more: &Value) -> Attributes {
    let all = common.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    serde_dynamo::to_item(all).unwrap()
}

/// What every host has stored of whoever asked, and of the next step.
fn common() -> Value {
    json!({
        "v": 1,
        "ten": "ten_00000000000000000000000001",
        "by": "usr_00000000000000000000000002",
        "ca": 1_796_112_000_000_u64,
        "fails": 2,
        "next": 1_796_112_120_000_u64,
        "exp": 1_796_716_800,
        "counts": {
            "accounts": 1, "account_groups": 0, "roles": 0, "members": 1, "media": 0, "posts": 0,
        },
    })
}

/// The item as it is stored after it was read, without its keys.
fn stored_again<T, I>(stored: &Attributes) -> (T, Attributes)
where
    I: Item + for<'a> From<&'a T>,
    T: TryFrom<I, Error = domain::Error>,
{
    let read: Result<T> = decode::<I>(stored.clone()).and_then(T::try_from);
    let read = read.unwrap();
    let mut again = encode(&I::from(&read)).unwrap();
    for key in [PK, SK, BY_ATTENTION.partition, BY_ATTENTION.sort] {
        assert!(again.remove(key).is_some(), "{key}");
    }
    (read, again)
}

#[test]
fn export_that_another_host_stored_is_read_and_stored_as_it_was() {
    let stored = with(
        common(),
        &json!({
            "ty": "export", "kind": "export", "id": "exp_00000000000000000000000003",
            "state": "running", "place": { "section": "roles" }, "vols": 1, "bytes": 70,
            "last": "00ff",
        }),
    );

    let (read, again) = stored_again::<Export, ExportItem>(&stored);

    assert_eq!(again, stored);
    assert_eq!(read.requested_at, AT.parse().unwrap());
    assert_eq!(read.pace.failures, 2);
    let mut older = stored;
    for attribute in ["fails", "next", "last"] {
        older.remove(attribute);
    }
    let (read, _) = stored_again::<Export, ExportItem>(&older);
    assert_eq!(read.pace.next_at, read.requested_at);
}

#[test]
fn import_that_another_host_stored_is_read_and_stored_as_it_was() {
    let stored = with(
        common(),
        &json!({
            "ty": "import", "kind": "import", "id": "imp_00000000000000000000000003",
            "state": "checking", "vols": [{ "bytes": 70, "sha256": "00ff" }],
            "place": { "volume": 0, "record": 0 }, "accs": {}, "problems": [], "more": 0, "ver": 2,
        }),
    );

    let (read, again) = stored_again::<Import, ImportItem>(&stored);

    assert_eq!(again, stored);
    assert_eq!((read.pace.failures, read.version), (2, 2));
}
