//! What readers and people see.

use networks::{Network, NetworkError};
use serde_json::Value;

use crate::host::{Host, request};

#[tokio::test]
async fn posts_of_an_unknown_account_are_none() {
    let host = Host::start().await;

    assert!(host.posts("nobody").await.is_empty());
}

#[tokio::test]
async fn posts_without_identifier_are_a_problem() {
    let host = Host::start().await;

    let (status, body) = host.get(host.url("/posts")).await;

    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, problem["code"].as_str()),
        (400, Some("malformed_request"))
    );
}

#[tokio::test]
async fn page_shows_posts_and_switches_of_the_chosen_account() {
    let host = Host::start().await;
    let account = host.connect("<alice & co>").await;
    host.publish(&account.credential, &request(&account, "Hello"))
        .await;
    let mut url = host.url("");
    url.query_pairs_mut()
        .append_pair("identifier", "<alice & co>");

    let (status, body) = host.get(url).await;

    let page = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("Behaviour towards &lt;alice &amp; co&gt;"));
    assert!(page.contains(r#"<p class="text" dir="auto">Hello</p>"#));
    assert!(!page.contains("<alice"));
}

#[tokio::test]
async fn page_without_accounts_says_how_to_begin() {
    let host = Host::start().await;

    let (status, body) = host.get(host.url("")).await;

    assert_eq!(status, 200);
    assert!(
        String::from_utf8(body.to_vec())
            .unwrap()
            .contains("None yet")
    );
}

#[tokio::test]
async fn form_of_the_page_sets_the_behaviour_and_leads_back() {
    let host = Host::start().await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let send = async |site: &str| {
        client
            .post(host.url("/behaviour"))
            .header("sec-fetch-site", site)
            .body("identifier=alice&mode=rejected&delay_ms=&times=2")
            .send()
            .await
            .unwrap()
    };

    assert_eq!(send("cross-site").await.status(), 403);
    let answer = send("same-origin").await;

    assert_eq!(answer.status(), 303);
    let mut back = host.url("");
    back.query_pairs_mut().append_pair("identifier", "alice");
    let (_, body) = host.get(back).await;
    let page = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        page.contains("<strong>rejected</strong> (answers 422) for 2 more calls"),
        "{page}"
    );
}

#[tokio::test]
async fn post_and_medium_that_do_not_exist_are_not_found() {
    let host = Host::start().await;

    assert_eq!(host.get(host.url("/posts/nothing")).await.0, 404);
    assert_eq!(host.get(host.url("/media/nothing")).await.0, 404);
}

#[tokio::test]
async fn connect_without_a_readable_name_is_invalid() {
    let host = Host::start().await;

    for name in ["", "  ", "a\nb", &"x".repeat(65)] {
        let credentials = [("identifier".to_owned(), name.to_owned())].into();
        let refused = host.network.connect(&credentials).await;

        assert!(
            matches!(
                refused,
                Err(NetworkError::Invalid {
                    field: "identifier",
                    ..
                })
            ),
            "{name}"
        );
    }
}

#[tokio::test]
async fn session_that_the_network_does_not_know_is_unauthorized() {
    let host = Host::start().await;
    let forged = networks::Credential::new(r#"{"identifier":"alice","token":"guess"}"#.to_owned());

    let refused = host.network.check(&forged).await;

    assert!(matches!(refused, Err(NetworkError::Unauthorized { .. })));
}
