//! One real server, several stories: starting it takes seconds, and each test is a process of its own.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::delivery::{FaultCategory, ProofKind};
use jiff::SignedDuration;
use networks::{Bluesky, CallOutcome, Connected, Egress, Network, NetworkError, ReadBack};
use serde_json::json;
use testkit::{Pds, PdsAccount, PdsPost, PdsSegment};

use crate::bluesky::{bluesky, credentials, field, image, now, part, publish, request, with_field};
use crate::consent::{
    Page, code_without_the_secret_of_pkce_is_of_no_use, consent_connects_publishes_and_refreshes,
    consent_of_another_account_is_not_taken, consent_of_another_issuer_is_not_taken,
    declined_page_brings_an_error_and_no_code,
    page_for_a_handle_that_nobody_has_is_refused_at_once,
    session_by_consent_that_was_signed_out_is_over, token_without_its_key_is_of_no_use,
};
use crate::cutter::Cutter;

static PIXELS: &[u8] = include_bytes!("pixels.png");

struct Story {
    pds: Pds,
    network: Bluesky,
    alice: PdsAccount,
    connected: Connected,
}

#[tokio::test(flavor = "multi_thread")]
async fn bluesky_on_a_real_server_publishes_each_delivery_once() {
    let pds = Pds::start().await;
    let network = bluesky(Egress::AllowLoopback);
    let alice = pds.create_account("alice").await;
    let typed = credentials(
        pds.service(),
        &format!("@{}", alice.handle),
        &alice.app_password,
    );
    let connected = network.connect(&typed).await.unwrap();
    let story = Story {
        pds,
        network,
        alice,
        connected,
    };

    connect_names_the_account_and_keeps_no_password(&story);
    connect_with_a_wrong_password_is_unauthorized(&story).await;
    post_with_links_mention_tag_and_image_is_read_back_byte_for_byte(&story).await;
    post_that_the_network_would_refuse_is_refused_and_not_visible(&story).await;
    thread_is_a_chain_of_replies(&story).await;
    thread_with_a_part_that_the_network_refuses_is_not_visible_at_all(&story).await;
    lost_answer_is_unknown_and_found_by_read_back(&story).await;
    expired_access_token_is_refreshed(&story).await;
    dead_refresh_token_asks_to_reconnect(&story).await;
    session_that_was_signed_out_is_over_and_another_goes_on(&story).await;

    let page = Page::new(&story.pds, &story.alice);
    page_for_a_handle_that_nobody_has_is_refused_at_once(&page).await;
    declined_page_brings_an_error_and_no_code(&page).await;
    consent_connects_publishes_and_refreshes(&page).await;
    session_by_consent_that_was_signed_out_is_over(&page).await;
    token_without_its_key_is_of_no_use(&page).await;
    consent_of_another_account_is_not_taken(&page).await;
    consent_of_another_issuer_is_not_taken(&page).await;
    code_without_the_secret_of_pkce_is_of_no_use(&page).await;
}

fn connect_names_the_account_and_keeps_no_password(story: &Story) {
    let Connected {
        identity,
        credential,
    } = &story.connected;

    assert_eq!(identity.remote_id, story.alice.did);
    assert_eq!(identity.handle, "alice.test");
    assert_eq!(identity.name, "alice.test");
    assert_eq!(identity.avatar_url, None);
    assert!(!credential.expose().contains(&story.alice.app_password));
    let token = field(credential, "access");
    assert!(!format!("{:?} {:?}", story.connected, story.network).contains(&token));
}

async fn connect_with_a_wrong_password_is_unauthorized(story: &Story) {
    let typed = credentials(story.pds.service(), "alice.test", "abcd-efgh-ijkl-mnop");

    let error = story.network.connect(&typed).await.unwrap_err();

    assert!(
        matches!(&error, NetworkError::Unauthorized { .. }),
        "{error:?}"
    );
    assert!(!error.to_string().contains("abcd"), "{error}");
}

async fn post_with_links_mention_tag_and_image_is_read_back_byte_for_byte(story: &Story) {
    let text =
        "👩🏽‍🚀 Grüße @alice.test & @nobody.test: example.org, https://example.org/a_(b)?c=d! #日本";
    let mut wanted = request(&story.connected.identity, 1, text);
    wanted.parts[0]
        .attachments
        .push(image(PIXELS, "Zwei Pixel: rot & blau"));
    wanted.options = json!({"langs": ["de", "ja"], "labels": ["graphic-media"]});

    let prepared = story
        .network
        .prepare(&story.connected.credential, &wanted)
        .await
        .unwrap();
    assert_eq!(
        posts(story).await.len(),
        0,
        "what is prepared is not visible"
    );
    let before = now();
    let first = story
        .network
        .call(&story.connected.credential, &wanted, &prepared)
        .await;
    let CallOutcome::Published(evidence) = first else {
        panic!("{first:?}")
    };

    let read = posts(story).await;
    let [post] = read.as_slice() else {
        panic!("{read:?}")
    };
    assert_eq!(post.record["text"], text);
    assert_eq!(post.record["createdAt"], "2026-12-01T09:00:00.000Z");
    assert_eq!(post.record["langs"], json!(["de", "ja"]));
    assert_eq!(
        post.record["labels"]["values"],
        json!([{"val": "graphic-media"}])
    );
    assert_eq!(
        meanings(post),
        [
            ("@alice.test", story.alice.did.as_str()),
            ("example.org", "https://example.org"),
            (
                "https://example.org/a_(b)?c=d",
                "https://example.org/a_(b)?c=d"
            ),
            ("#日本", "日本"),
        ]
    );
    let [shown] = post.images.as_slice() else {
        panic!("{:?}", post.images)
    };
    assert_eq!(shown.alt, "Zwei Pixel: rot & blau");
    assert_eq!(shown.aspect_ratio, json!({"width": 2, "height": 1}));
    assert_eq!(shown.content_type, "image/png");
    assert_eq!(STANDARD.decode(&shown.base64).unwrap(), PIXELS);

    assert_eq!(evidence.remote_id.as_deref(), Some(post.uri.as_str()));
    let key = post.uri.rsplit('/').next().unwrap();
    assert_eq!(
        evidence.permalink.as_deref(),
        Some(format!("https://bsky.app/profile/alice.test/post/{key}").as_str())
    );
    assert_eq!(evidence.proof, ProofKind::Response);
    assert!(evidence.published_at.duration_since(before).abs() < SignedDuration::from_secs(30));

    // The same call again, from a new preparation: nothing changes.
    let again = publish(&story.network, &story.connected.credential, &wanted).await;
    assert!(
        matches!(again, CallOutcome::Published(again) if again.remote_id == evidence.remote_id)
    );
    let repeated = posts(story).await;
    assert_eq!(repeated.len(), 1);
    assert_eq!(repeated[0].cid, post.cid);

    // Another revision of the same delivery edits in place.
    wanted.parts[0] = part("A later revision");
    let edited = publish(&story.network, &story.connected.credential, &wanted).await;
    assert!(
        matches!(edited, CallOutcome::Published(edited) if edited.remote_id == evidence.remote_id)
    );
    let edited = posts(story).await;
    assert_eq!(edited.len(), 1);
    assert_eq!(edited[0].record["text"], "A later revision");
}

async fn post_that_the_network_would_refuse_is_refused_and_not_visible(story: &Story) {
    let visible = posts(story).await.len();
    let mut oversized = PIXELS.to_vec();
    oversized.resize(1_000_001, 0);
    let mut with_image = request(
        &story.connected.identity,
        10,
        "An image of more than 1,000,000 bytes",
    );
    with_image.parts[0].attachments.push(image(oversized, ""));

    for wanted in [
        request(&story.connected.identity, 11, &"x".repeat(301)),
        request(&story.connected.identity, 12, &"👨‍👩‍👧‍👦".repeat(200)),
        with_image,
    ] {
        let outcome = publish(&story.network, &story.connected.credential, &wanted).await;

        assert!(
            matches!(&outcome, CallOutcome::Refused(fault) if fault.category == FaultCategory::Content),
            "{outcome:?}"
        );
        let found = story
            .network
            .read_back(&story.connected.credential, &wanted, now())
            .await
            .unwrap();
        assert!(matches!(found, ReadBack::Absent), "{found:?}");
    }
    let longest = request(&story.connected.identity, 13, &"x".repeat(300));
    let outcome = publish(&story.network, &story.connected.credential, &longest).await;
    assert!(matches!(outcome, CallOutcome::Published(_)), "{outcome:?}");
    assert_eq!(posts(story).await.len(), visible + 1);
}

async fn thread_is_a_chain_of_replies(story: &Story) {
    let visible = posts(story).await.len();
    let mut wanted = request(&story.connected.identity, 20, "one 👩🏽‍🚀 @alice.test #tag");
    wanted.parts.extend([part("two"), part("three")]);
    // What a hash is made of: numbers, links to bytes, lists.
    wanted.parts[0].attachments.push(image(PIXELS, "Pixels"));
    wanted.parts[1].attachments.push(image(PIXELS, ""));
    wanted.options = json!({"langs": ["en"], "labels": ["graphic-media"]});

    let outcome = publish(&story.network, &story.connected.credential, &wanted).await;

    let CallOutcome::Published(evidence) = outcome else {
        panic!("{outcome:?}")
    };
    let read = posts(story).await;
    assert_eq!(read.len(), visible + 3);
    let of = |begin: &str| {
        let found: Vec<_> = read
            .iter()
            .filter(|post| post.record["text"].as_str().unwrap().starts_with(begin))
            .collect();
        let [post] = found.as_slice() else {
            panic!("{begin}: {found:?}")
        };
        (*post).clone()
    };
    let reference = |post: &PdsPost| json!({"uri": post.uri, "cid": post.cid});
    let (one, two, three) = (of("one"), of("two"), of("three"));
    assert_eq!(evidence.remote_id.as_deref(), Some(one.uri.as_str()));
    assert!(one.record.get("reply").is_none());
    assert_eq!(
        two.record["reply"],
        json!({"root": reference(&one), "parent": reference(&one)})
    );
    assert_eq!(
        three.record["reply"],
        json!({"root": reference(&one), "parent": reference(&two)})
    );

    // The same call again makes nothing: its outcome is what a look finds.
    let again = publish(&story.network, &story.connected.credential, &wanted).await;
    assert!(matches!(again, CallOutcome::Unknown(_)), "{again:?}");
    assert_eq!(posts(story).await.len(), visible + 3);
    let found = story
        .network
        .read_back(&story.connected.credential, &wanted, now())
        .await
        .unwrap();
    assert!(matches!(found, ReadBack::Found(found) if found.remote_id == evidence.remote_id));
}

async fn thread_with_a_part_that_the_network_refuses_is_not_visible_at_all(story: &Story) {
    let visible = posts(story).await.len();
    let mut wanted = request(&story.connected.identity, 21, "fine");
    wanted.parts.push(part(&"x".repeat(301)));

    let outcome = publish(&story.network, &story.connected.credential, &wanted).await;

    assert!(
        matches!(&outcome, CallOutcome::Refused(fault) if fault.category == FaultCategory::Content),
        "{outcome:?}"
    );
    assert_eq!(posts(story).await.len(), visible);
    let found = story
        .network
        .read_back(&story.connected.credential, &wanted, now())
        .await
        .unwrap();
    assert!(matches!(found, ReadBack::Absent), "{found:?}");
}

async fn lost_answer_is_unknown_and_found_by_read_back(story: &Story) {
    let server = story
        .pds
        .service()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let cutter = Cutter::before(server).await;
    let credential = with_field(
        &story.connected.credential,
        "service",
        &format!("http://{}/", cutter.address),
    );
    let visible = posts(story).await.len();
    let wanted = request(&story.connected.identity, 30, "Did it arrive?");
    let prepared = story.network.prepare(&credential, &wanted).await.unwrap();

    cutter.cut(true);
    let called_at = now();
    let lost = story.network.call(&credential, &wanted, &prepared).await;
    let unreadable = story
        .network
        .read_back(&credential, &wanted, called_at)
        .await;
    cutter.cut(false);

    assert!(
        matches!(&lost, CallOutcome::Unknown(fault) if fault.category == FaultCategory::OutcomeUnknown),
        "{lost:?}"
    );
    assert!(
        matches!(unreadable, Err(NetworkError::Unavailable { .. })),
        "{unreadable:?}"
    );
    let found = story
        .network
        .read_back(&credential, &wanted, called_at)
        .await
        .unwrap();
    let ReadBack::Found(evidence) = found else {
        panic!("{found:?}")
    };
    assert_eq!(evidence.proof, ProofKind::ReadBack);
    assert_eq!(evidence.published_at, called_at);
    let repeated = story.network.call(&credential, &wanted, &prepared).await;
    assert!(
        matches!(repeated, CallOutcome::Published(again) if again.remote_id == evidence.remote_id)
    );
    assert_eq!(posts(story).await.len(), visible + 1);
}

async fn expired_access_token_is_refreshed(story: &Story) {
    let (network, good) = (&story.network, &story.connected.credential);
    let expired = with_field(
        good,
        "access",
        &story.pds.expired(&field(good, "access")).await,
    );
    let wanted = request(&story.connected.identity, 40, "With a fresh token");

    // The network's word, not our clock: nothing happens by an expired token.
    let refused = network
        .call(
            &expired,
            &wanted,
            &network.prepare(good, &wanted).await.unwrap(),
        )
        .await;
    assert!(
        matches!(refused, CallOutcome::Unauthorized(_)),
        "{refused:?}"
    );

    // Whoever looks at the clock before, or checks after, gets a pair that works.
    assert!(network.refresh(good, now()).await.unwrap().is_none());
    let fresh = network.refresh(&expired, now()).await.unwrap().unwrap();
    assert_ne!(field(&fresh, "refresh"), field(good, "refresh"));
    let checked = network.check(&expired).await.unwrap();
    assert_eq!(checked.identity, story.connected.identity);
    assert_ne!(
        field(&checked.credential, "access"),
        field(&expired, "access")
    );
    let outcome = publish(network, &checked.credential, &wanted).await;
    assert!(matches!(outcome, CallOutcome::Published(_)), "{outcome:?}");
}

async fn dead_refresh_token_asks_to_reconnect(story: &Story) {
    let ended = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"exp":1}"#));
    let dead = with_field(
        &with_field(&story.connected.credential, "refresh", "e30.e30.c2ln"),
        "access",
        &ended,
    );

    let refreshed = story.network.refresh(&dead, now()).await;
    let checked = story.network.check(&dead).await;

    assert!(
        matches!(refreshed, Err(NetworkError::Unauthorized { .. })),
        "{refreshed:?}"
    );
    assert!(
        matches!(checked, Err(NetworkError::Unauthorized { .. })),
        "{checked:?}"
    );
}

async fn session_that_was_signed_out_is_over_and_another_goes_on(story: &Story) {
    let (network, alice) = (&story.network, &story.alice);
    let typed = credentials(story.pds.service(), &alice.handle, &alice.app_password);
    let ours = network.connect(&typed).await.unwrap().credential;
    let other = network.connect(&typed).await.unwrap().credential;
    let by_refresh_token = async |credential| {
        let access = story.pds.expired(&field(credential, "access")).await;
        let stale = with_field(credential, "access", &access);
        network.refresh(&stale, now()).await
    };

    network.sign_out(&ours).await.unwrap();

    let refreshed = by_refresh_token(&ours).await;
    assert!(
        matches!(refreshed, Err(NetworkError::Unauthorized { .. })),
        "{refreshed:?}"
    );
    // Whoever died before they could remember it tells the server once more.
    let again = network.sign_out(&ours).await;
    assert!(
        matches!(again, Ok(()) | Err(NetworkError::Unauthorized { .. })),
        "{again:?}"
    );
    assert!(by_refresh_token(&other).await.unwrap().is_some());
}

async fn posts(story: &Story) -> Vec<PdsPost> {
    story.pds.posts(&story.alice).await
}

/// The stretches of text that mean something, as the independent client reads them.
fn meanings(post: &PdsPost) -> Vec<(&str, &str)> {
    post.segments
        .iter()
        .filter_map(
            |PdsSegment {
                 text,
                 link,
                 mention,
                 tag,
             }| {
                let meaning = link.as_ref().or(mention.as_ref()).or(tag.as_ref())?;
                Some((text.as_str(), meaning.as_str()))
            },
        )
        .collect()
}
