//! What a program may do with an API key: ID-43.

use domain::membership::Permission;
use http::StatusCode;

use crate::document::Operation;
use crate::fixture::every_scope;
use crate::world::{Observed, Request, World, listed};

/// A path of the right form, whether or not anything is there.
fn request(world: &World, operation: &Operation) -> Request {
    let named = world.ada.ids.iter().cycle().take(operation.path_ids());
    Request {
        method: operation.method.clone(),
        path: operation.path_with(&named.cloned().collect::<Vec<_>>()),
        body: world.body(operation, &world.ada),
    }
}

/// What is wrong with it as a refusal with this code: it changes nothing but the key's last use, and leaves one line in
/// the audit log.
fn fault(world: &World, seen: &Observed, code: &str) -> Option<String> {
    let seen_use = format!("T#{}#KEY", world.ada.tenant);
    let mut changes = seen.changes.clone();
    changes.retain(|change| change.partition != seen_use);
    let is_line = matches!(changes.as_slice(), [one] if one.is_denial_in(&world.ada.tenant));
    let is_refused = seen.status == StatusCode::FORBIDDEN && seen.body["code"] == code;
    let changes = listed(&changes);
    (!is_refused || !is_line).then(|| format!("{} {} [{changes}]", seen.status, seen.body))
}

#[tokio::test(flavor = "multi_thread")]
async fn id_43_key_is_refused_by_every_route_that_is_for_people() {
    let world = World::new().await;
    let mut findings = Vec::new();
    let mut probes = Vec::new();
    for operation in world.operations() {
        if operation.takes_api_keys {
            continue;
        }
        let request = request(&world, &operation);
        let seen = world.call_with_key(&world.ada.api_key, &request).await;

        let fault = fault(&world, &seen, "person_required");
        findings.extend(fault.map(|fault| format!("{}: {fault}", operation.name())));
        probes.push(operation.path);
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let taking = world.operations().into_iter();
    let taking: Vec<String> = taking
        .filter(|operation| operation.takes_api_keys)
        .map(|operation| operation.path)
        .collect();
    for prefix in ["/v1/auth/", "/v1/me/", "/v1/api-keys"] {
        assert!(
            probes.iter().any(|path| path.starts_with(prefix)),
            "{prefix}"
        );
        let open = taking.iter().find(|path| path.starts_with(prefix));
        assert_eq!(open, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_43_key_without_a_permission_is_refused_by_every_route_that_asks_for_it() {
    let mut world = World::new().await;
    let mut keys = Vec::new();
    for permission in Permission::ALL.into_iter().filter(|one| one.is_for_keys()) {
        let make = world.product.api.post("/v1/api-keys");
        let make = make
            .cookie(&world.ada.cookie)
            .json(&every_scope(Some(permission)));
        let made = make.send().await.expect(201).body;
        let secret = made["secret"].as_str().unwrap().to_owned();
        keys.push((api::permission::name(permission), secret));
    }
    world.settle().await;
    let mut findings = Vec::new();
    let mut probes = 0;
    for operation in world.operations() {
        let lacking = keys.iter().find(|(name, _)| *name == operation.access);
        let Some((_, key)) = lacking.filter(|_| operation.takes_api_keys) else {
            continue;
        };
        let request = request(&world, &operation);
        let seen = world.call_with_key(key, &request).await;
        let fault = fault(&world, &seen, "forbidden");
        findings.extend(fault.map(|fault| format!("{}: {fault}", operation.name())));

        let seen = world.call_with_key(&world.ada.api_key, &request).await;
        if matches!(
            seen.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) {
            let (name, body) = (operation.name(), &seen.body);
            findings.push(format!("{name} refuses a key that has all: {body}"));
        }
        probes += 1;
    }

    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(probes > 30, "only {probes} routes take keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_43_forged_key_is_nobodys_whatever_is_forged() {
    let world = World::new().await;
    let (own, foreign) = (&world.ada.api_key, &world.bob.api_key);
    let sealed = |text: String| format!("{text}_{:08x}", crc32(text.as_bytes()));
    let (body, _) = own.rsplit_once('_').unwrap();
    let (other, _) = foreign.rsplit_once('_').unwrap();
    let begin = "m1_live_".len();
    let [ids, secret] = [begin..begin + 78, begin + 79..begin + 122];
    let mut forged = vec![
        own.to_uppercase(),
        own.replace("m1_live_", "m1_test_"),
        format!("{own}0"),
        body.to_owned(),
        // Another secret of the right form; a secret with the ids of another key; the ids of another tenant or maker.
        sealed(format!("{}{}", &body[..secret.start], "A".repeat(43))),
        sealed(format!(
            "{}{}",
            &body[..secret.start],
            &other[secret.clone()]
        )),
        sealed(format!("{}{}", &other[..ids.end], &body[ids.end..])),
    ];
    for part in 0..3 {
        let from = ids.start + 26 * part;
        let mut mixed = body.to_owned();
        mixed.replace_range(from..from + 26, &other[from..from + 26]);
        forged.push(sealed(mixed));
    }
    for place in 0..own.len() {
        let mut mutated = own.clone();
        let other = if &own[place..=place] == "x" { "y" } else { "x" };
        mutated.replace_range(place..=place, other);
        forged.push(mutated);
    }
    let list = Request {
        method: http::Method::GET,
        path: "/v1/posts".to_owned(),
        body: None,
    };

    for key in forged {
        let seen = world.call_with_key(&key, &list).await;

        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{key}: {seen:?}");
        assert!(seen.changes.is_empty(), "{key}: {}", listed(&seen.changes));
    }
    assert_eq!(sealed(body.to_owned()), *own);
    let seen = world.call_with_key(own, &list).await;
    assert_eq!(seen.status, StatusCode::OK);
}

/// CRC-32/ISO-HDLC, by its definition.
fn crc32(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let is_odd = (rest ^ u32::from(byte >> bit)) & 1 == 1;
            rest >>= 1;
            if is_odd {
                rest ^= 0xedb8_8320;
            }
        }
    }
    !rest
}
