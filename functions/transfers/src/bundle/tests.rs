use serde_json::{Value, json};

use super::*;

const EXPORT: &str = "exp_00000000000000000000000001";
const PICTURE: &str = "media/med_00000000000000000000000002.png";
const RECORDS: &[u8] = br#"{"type":"tenant","id":"ten_00000000000000000000000003","name":"Looms","time_zone":"UTC","locale":"en","week_start":"monday","max_lateness_hours":6,"default_options":{"bluesky":{"langs":["en"]}},"requires_second_factor":false,"created_at":"2026-12-01T08:00:00Z"}
"#;

/// What a volume of an export without much says of itself.
fn manifest(number: u32, previous: Option<&str>, last: bool) -> Value {
    json!({
        "format": FORMAT,
        "version": VERSION,
        "export": EXPORT,
        "tenant": "ten_00000000000000000000000003",
        "requested_at": "2026-12-01T09:00:00Z",
        "volume": number,
        "previous": previous,
        "last": last,
        "records": 1,
        "counts": Counts::default(),
        "entries": [],
    })
}

/// A volume with these entries and this manifest, which names them.
fn volume(files: &[(&str, &[u8])], mut manifest: Value) -> Vec<u8> {
    let mut zip = Zip::default();
    let mut named = Vec::new();
    for (name, content) in files {
        zip.add(name, content).unwrap();
        named.push(json!({ "name": name, "bytes": content.len(), "sha256": sha256(content) }));
    }
    manifest["entries"] = named.into();
    let number = manifest["volume"].as_u64().unwrap();
    let text = serde_json::to_vec(&manifest).unwrap();
    let name = manifest_name(u32::try_from(number).unwrap());
    zip.add(&name, &text).unwrap();
    zip.finish().unwrap()
}

/// The only volume of an export with one picture.
fn whole() -> Vec<u8> {
    let files: [(&str, &[u8]); 2] = [(PICTURE, b"pixels"), ("records/000001.jsonl", RECORDS)];
    volume(&files, manifest(1, None, true))
}

fn fault(volume: &[u8]) -> BundleFault {
    let read = BundleReader::default().volume(volume).map(|_| ());
    read.unwrap_err()
}

#[test]
fn volume_is_read_as_it_was_made() {
    let bytes = whole();
    let mut reader = BundleReader::default();

    let contents = reader.volume(&bytes).unwrap();

    let record: Record = serde_json::from_slice(RECORDS).unwrap();
    let read: Result<Vec<Record>, BundleFault> = contents.records.iter().collect();
    assert_eq!(read, Ok(vec![record]));
    assert_eq!(contents.files, [(PICTURE, &b"pixels"[..])]);
    assert_eq!(reader.finish().unwrap().export.to_string(), EXPORT);
}

#[test]
fn f_19_volume_with_any_bit_changed_is_refused() {
    let bytes = whole();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            assert!(
                BundleReader::default().volume(&changed).is_err(),
                "bit {bit} of byte {place}"
            );
        }
    }
}

#[test]
fn f_19_volume_that_is_cut_or_longer_is_refused() {
    let bytes = whole();
    for length in 0..bytes.len() {
        assert!(BundleReader::default().volume(&bytes[..length]).is_err());
    }
    assert_eq!(fault(&[&bytes[..], b"more"].concat()), BundleFault::Changed);
    assert_eq!(fault(&[b"more", &bytes[..]].concat()), BundleFault::Changed);
}

#[test]
fn f_19_compressed_entries_are_refused_before_they_are_unpacked() {
    // What a bomb begins with: ten bytes that say they are four gigabytes.
    let mut bomb = whole();
    bomb[8] = 8;
    bomb[22..26].fill(0xff);

    assert_eq!(fault(&bomb), BundleFault::Compressed);
}

#[test]
fn f_19_volume_that_claims_more_than_it_has_is_refused() {
    let mut lying = whole();
    lying[18..26].fill(0xff);
    let many: Vec<(String, &[u8])> = (0..1_001)
        .map(|number| (format!("media/{number}"), &b""[..]))
        .collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, file)| (&**name, *file)).collect();

    assert_eq!(fault(&lying), BundleFault::Changed);
    assert_eq!(
        fault(&volume(&many, manifest(1, None, true))),
        BundleFault::TooLarge
    );
    assert_eq!(fault(&vec![0; (64 << 20) + 1]), BundleFault::TooLarge);
}

#[test]
fn f_19_line_that_is_longer_than_any_record_is_refused() {
    let text = std::str::from_utf8(RECORDS).unwrap();
    let named =
        |bytes: usize| text.replace("Looms", &"x".repeat(bytes + 5 - text.trim_end().len()));
    let of = |records: &str| {
        let files: [(&str, &[u8]); 1] = [("records/000001.jsonl", records.as_bytes())];
        volume(&files, manifest(1, None, true))
    };

    let longest = of(&named(lines::LINE_MAX));
    assert!(BundleReader::default().volume(&longest).is_ok());
    let longer = of(&named(lines::LINE_MAX + 1));
    assert_eq!(fault(&longer), BundleFault::Record);
}

#[test]
fn f_20_entry_whose_name_leads_elsewhere_is_refused() {
    for name in [
        "../etc/passwd",
        "/etc/passwd",
        "media/../../etc/passwd",
        "media\\..\\..\\evil",
        "media/med_00000000000000000000000002.png/../x",
        "media/med_00000000000000000000000002.exe",
        "media/MED_00000000000000000000000002.png",
        "media/loom.png",
        "records/1.jsonl",
        "C:evil",
        "media/",
        "",
        PICTURE,
    ] {
        let files: [(&str, &[u8]); 3] = [
            (name, b"evil"),
            (PICTURE, b"pixels"),
            ("records/000001.jsonl", RECORDS),
        ];
        let volume = volume(&files, manifest(1, None, true));
        assert_eq!(fault(&volume), BundleFault::EntryName, "{name}");
    }
}

#[test]
fn f_20_entry_that_is_a_link_is_refused() {
    let mut linked = whole();
    let mut places = linked.windows(4);
    let directory = places.position(|four| four == b"PK\x01\x02").unwrap();
    // Made on Unix, with the attributes of a symbolic link.
    linked[directory + 5] = 3;
    let attributes = 0o120_777_u32 << 16;
    linked[directory + 38..directory + 42].copy_from_slice(&attributes.to_le_bytes());

    assert_eq!(fault(&linked), BundleFault::Changed);
}

#[test]
fn entry_that_is_not_what_the_manifest_says_is_refused() {
    let digest = sha256(b"pixels");
    let named = |content: &[u8], entries: Value| {
        let mut zip = Zip::default();
        zip.add(PICTURE, content).unwrap();
        zip.add("records/000001.jsonl", RECORDS).unwrap();
        let mut manifest = manifest(1, None, true);
        manifest["entries"] = entries;
        let text = serde_json::to_vec(&manifest).unwrap();
        zip.add("manifest/000001.json", &text).unwrap();
        zip.finish().unwrap()
    };
    let picture = json!({ "name": PICTURE, "bytes": 6, "sha256": digest });
    let records = json!({
        "name": "records/000001.jsonl", "bytes": RECORDS.len(), "sha256": sha256(RECORDS),
    });

    let sound = named(b"pixels", json!([picture, records]));
    let other = named(b"pixelz", json!([picture, records]));
    let hidden = named(b"pixels", json!([records]));
    let missing = named(b"pixels", json!([picture, picture, records]));

    assert!(BundleReader::default().volume(&sound).is_ok());
    for volume in [other, hidden, missing] {
        assert_eq!(fault(&volume), BundleFault::Checksum);
    }
}

#[test]
fn volume_of_an_unknown_form_is_refused() {
    let files: [(&str, &[u8]); 1] = [("records/000001.jsonl", RECORDS)];
    let with = |member: &str, value: Value| {
        let mut manifest = manifest(1, None, true);
        manifest[member] = value;
        fault(&volume(&files, manifest))
    };

    assert_eq!(with("version", json!(2)), BundleFault::Version);
    let mut newer = manifest(1, None, true);
    newer["version"] = json!(2);
    newer["comments"] = json!(1);
    let others: [(&str, &[u8]); 1] = [("comments/000001.jsonl", b"{}")];
    assert_eq!(fault(&volume(&others, newer)), BundleFault::Version);
    assert_eq!(with("format", json!("another")), BundleFault::Manifest);
    assert_eq!(with("command", json!("rm")), BundleFault::Manifest);
    assert_eq!(with("records", json!(2)), BundleFault::Checksum);
    let counts = Counts {
        posts: 1,
        ..Counts::default()
    };
    assert_eq!(with("counts", json!(counts)), BundleFault::Checksum);
}

#[test]
fn record_that_says_what_no_record_says_is_refused() {
    let text = std::str::from_utf8(RECORDS).unwrap();
    for (one, other) in [
        ("\"name\"", "\"secret\""),
        ("\"tenant\"", "\"credential\""),
        ("\"UTC\"", "\"Mars/Olympus\""),
        ("ten_", "usr_"),
        ("}\n", ",\"limits\":1}\n"),
        ("}\n", "}\n\n"),
    ] {
        let records = text.replace(one, other);
        let files: [(&str, &[u8]); 1] = [("records/000001.jsonl", records.as_bytes())];
        let volume = volume(&files, manifest(1, None, true));
        assert_eq!(fault(&volume), BundleFault::Record, "{records}");
    }
}

#[test]
fn volumes_of_an_export_are_read_in_their_order_and_to_the_last() {
    let records = |number: u32| records_name(number);
    let first = volume(&[(&*records(1), RECORDS)], manifest(1, None, false));
    let hash = sha256(&first);
    let second = |previous: &str| {
        let manifest = manifest(2, Some(previous), true);
        volume(&[(&*records(2), RECORDS)], manifest)
    };
    let mut other = manifest(2, Some(&hash), true);
    other["export"] = json!("exp_00000000000000000000000009");
    let other = volume(&[(&*records(2), RECORDS)], other);
    let sound = second(&hash);

    let mut reader = BundleReader::default();
    reader.volume(&first).unwrap();
    let cut = reader.clone().finish().unwrap_err();
    assert_eq!(cut, BundleFault::Incomplete);
    for volume in [&first, &second(&sha256(b"another")), &other] {
        let refused = reader.clone().volume(volume).map(|_| ());
        assert_eq!(refused, Err(BundleFault::Order));
    }
    reader.volume(&sound).unwrap();
    let after = reader.clone().volume(&sound).map(|_| ());
    assert_eq!(after, Err(BundleFault::Order));
    assert!(reader.finish().is_ok());
    assert_eq!(fault(&sound), BundleFault::Order);
}
