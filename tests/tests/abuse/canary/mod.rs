//! No secret of a whole story is where it does not belong: ID-44.
//!
//! Every secret that people type, make or are given is looked for in the raw table, in objects, messages, dead letters,
//! mails, answers, exports and logs: in clear, and in the encodings in which secrets travel. Codes of six digits are not
//! looked for, which are everywhere by chance.

mod forms;
mod network;
mod story;
pub(crate) mod watch;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use story::Story;
use watch::{Log, MeantFor, Place, Watch};

#[tokio::test(flavor = "multi_thread")]
async fn id_44_id_29_secrets_of_a_whole_story_are_nowhere_but_where_they_belong() {
    let mut story = Story::new().await;

    story.play().await;

    let watch = story.end().await;
    let seen = watch.seen();
    assert!(watch.secrets() > 80, "only {} secrets", watch.secrets());
    for place in Place::ALL {
        assert!(seen[&place] > 0, "nothing was looked at of {place:?}");
    }
    assert_eq!(watch.sightings(), [] as [String; 0]);
    let mut names = BTreeSet::new();
    for cookie in watch.cookies() {
        let mut parts = cookie.split("; ");
        let (name, _) = parts.next().unwrap().split_once('=').unwrap();
        names.insert(name);
        // Of this address, which is on loopback; of all others it is `Secure` and has the prefix, too.
        let attributes: BTreeSet<&str> = parts.collect();
        for wanted in ["Path=/", "HttpOnly", "SameSite=Lax"] {
            assert!(attributes.contains(wanted), "{name}: {attributes:?}");
        }
        let is_known = |attribute: &&&str| {
            ["Path=/", "HttpOnly", "SameSite=Lax"].contains(*attribute)
                || attribute.starts_with("Max-Age=")
        };
        let unknown: Vec<_> = attributes.iter().filter(|each| !is_known(each)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
    assert_eq!(names, BTreeSet::from(["did", "sid"]));
}

/// The watch would see one.
#[test]
fn id_44_secret_that_gets_out_is_seen_wherever_and_however_it_stands() {
    let secret = "planted-canary-of-this-test";
    let forms = [
        format!("it is {secret}"),
        format!("it is {}", hex::encode(secret)),
        format!("it is {}", STANDARD.encode(format!("x{secret}y"))),
    ];
    for place in Place::ALL {
        for form in &forms {
            let mut watch = Watch::default();
            watch.learn("canary", secret, MeantFor::ItsMaker);
            watch.see(place, "here", "nothing");
            assert_eq!(watch.sightings(), [] as [String; 0]);

            watch.see(place, "here", form);

            let seen = format!("canary in {place:?}: here");
            assert_eq!(watch.sightings(), [seen]);
        }
    }
}

#[test]
fn id_44_secret_in_a_line_of_the_log_is_seen() {
    let log = Log::of_this_process();
    let secret = "another-canary-of-this-test";
    tracing::debug!(password = secret, "a mistake");
    let mut watch = Watch::default();
    watch.learn("canary", secret, MeantFor::ItsMaker);

    for line in log.lines() {
        watch.see(Place::Log, "line", line);
    }

    assert_eq!(watch.sightings(), ["canary in Log: line"]);
}
