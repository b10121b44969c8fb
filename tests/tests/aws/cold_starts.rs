//! Functions that start.

use futures::future::join_all;

use crate::deployment::Deployment;

/// More at once than there are instances, so some start now.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_agree_on_the_keys_of_access_tokens() {
    let deployment = Deployment::of_this_run();
    let stranger = deployment.stranger();

    let answers = join_all((0..AT_ONCE).map(|_| stranger.get("/.well-known/jwks.json"))).await;

    let keys: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.expect(200).body)
        .collect();
    assert!(keys[0]["keys"][0]["kid"].is_string(), "{}", keys[0]);
    assert!(keys.iter().all(|other| *other == keys[0]), "{keys:?}");
}
