//! Accounts that are connected by the consent page of a real server. Part of the story of `real_server`, which has one.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use networks::{
    CallOutcome, Connected, Consent, ConsentError, ConsentPage, ConsentPages as _, ConsentRequest,
    Credential, Egress, Network as _, NetworkError, Verifier,
};
use serde_json::Value;
use testkit::{Pds, PdsAccount};

use crate::bluesky::{bluesky, now, publish, request, with_field};

/// With three digits it has 43 characters, as a browser's state and the secret of PKCE have.
const SECRET: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOE";

pub(crate) struct Page<'a> {
    network: networks::Bluesky,
    pds: &'a Pds,
    account: &'a PdsAccount,
    opened: AtomicU32,
}

impl<'a> Page<'a> {
    pub(crate) fn new(pds: &'a Pds, account: &'a PdsAccount) -> Self {
        let client = networks::OauthClient::loopback(8080);
        Self {
            network: bluesky(Egress::AllowLoopback).with_client(client),
            pds,
            account,
            opened: AtomicU32::new(0),
        }
    }

    async fn open(&self, handle: Option<&str>) -> Result<ConsentPage, NetworkError> {
        let server = self.pds.own_address();
        // The server takes each secret once.
        let secret = format!("{SECRET}{:03}", self.opened.fetch_add(1, Ordering::Relaxed));
        let request = ConsentRequest {
            handle,
            server: Some(&server),
            account: None,
            state: &secret,
            verifier: Verifier::new(secret.clone()),
        };
        self.network.open(request).await
    }

    async fn agreed(&self, handle: Option<&str>) -> (ConsentPage, Value) {
        let page = self.open(handle).await.unwrap();
        let brought = self.pds.agree(page.address.as_str(), self.account).await;
        assert!(brought["state"].as_str().unwrap().starts_with(SECRET));
        (page, brought)
    }

    async fn connect(
        &self,
        page: &ConsentPage,
        brought: &Value,
    ) -> Result<Connected, ConsentError> {
        let consent = Consent {
            code: brought["code"].as_str().unwrap(),
            issuer: brought["iss"].as_str(),
        };
        networks::ConsentPages::connect(&self.network, &page.pending, consent).await
    }
}

pub(crate) async fn consent_connects_publishes_and_refreshes(page: &Page<'_>) {
    let (opened, brought) = page.agreed(Some(&page.account.handle)).await;
    let Connected {
        identity,
        credential,
    } = page.connect(&opened, &brought).await.unwrap();
    assert_eq!(identity.remote_id, page.account.did);
    assert_eq!(identity.handle, page.account.handle);

    let again = page.connect(&opened, &brought).await.unwrap_err();
    assert!(
        matches!(
            again,
            ConsentError::Network(NetworkError::Unauthorized { .. })
        ),
        "{again:?}"
    );

    // The server ends the session of a code that is used twice.
    let (opened, brought) = page.agreed(None).await;
    let connected = page.connect(&opened, &brought).await.unwrap();
    assert_ne!(connected.credential, credential);
    let credential = connected.credential;
    let wanted = request(&identity, 40, "By consent");
    let outcome = publish(&page.network, &credential, &wanted).await;
    assert!(matches!(outcome, CallOutcome::Published(_)), "{outcome:?}");
    let posts = page.pds.posts(page.account).await;
    assert_eq!(texts(&posts, "By consent"), 1);

    assert!(!page.network.refreshes_once(&credential, now()));
    assert_eq!(
        page.network.refresh(&credential, now()).await.unwrap(),
        None
    );
    let later = now().checked_add(SignedDuration::from_hours(1)).unwrap();
    assert!(page.network.refreshes_once(&credential, later));
    let renewed = page.network.refresh(&credential, later).await.unwrap();
    let renewed = renewed.unwrap();
    let proven = page.network.check(&renewed).await.unwrap();
    assert_eq!(proven.identity, identity);
    let wanted = request(&identity, 41, "By consent, renewed");
    let outcome = publish(&page.network, &renewed, &wanted).await;
    assert!(matches!(outcome, CallOutcome::Published(_)), "{outcome:?}");

    // Its refresh token was good for one use: a second one ends the session, and a person must come.
    let again = page.network.refresh(&credential, later).await;
    assert!(
        matches!(again, Err(NetworkError::Unauthorized { .. })),
        "{again:?}"
    );
    let dead = page.network.check(&renewed).await;
    assert!(
        matches!(dead, Err(NetworkError::Unauthorized { .. })),
        "{dead:?}"
    );
}

pub(crate) async fn session_by_consent_that_was_signed_out_is_over(page: &Page<'_>) {
    let (opened, brought) = page.agreed(None).await;
    let credential = page.connect(&opened, &brought).await.unwrap().credential;

    page.network.sign_out(&credential).await.unwrap();

    let later = now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let refreshed = page.network.refresh(&credential, later).await;
    assert!(
        matches!(refreshed, Err(NetworkError::Unauthorized { .. })),
        "{refreshed:?}"
    );
    // Whoever died before they could remember it tells the server once more.
    page.network.sign_out(&credential).await.unwrap();
}

pub(crate) async fn token_without_its_key_is_of_no_use(page: &Page<'_>) {
    let (opened, brought) = page.agreed(None).await;
    let connected = page.connect(&opened, &brought).await.unwrap();
    let fields: Value = serde_json::from_str(connected.credential.expose()).unwrap();
    let mut bearer = fields.clone();
    bearer.as_object_mut().unwrap().remove("grant");
    let (opened, brought) = page.agreed(None).await;
    let other = page.connect(&opened, &brought).await.unwrap();
    let other: Value = serde_json::from_str(other.credential.expose()).unwrap();
    let mut mixed = fields.clone();
    mixed["grant"]["key"] = other["grant"]["key"].clone();

    for stolen in [bearer, mixed] {
        let checked = page
            .network
            .check(&Credential::new(stolen.to_string()))
            .await;

        assert!(
            matches!(checked, Err(NetworkError::Unauthorized { .. })),
            "{checked:?}"
        );
    }
}

pub(crate) async fn consent_of_another_account_is_not_taken(page: &Page<'_>) {
    let bob = page.pds.create_account("bob").await;
    let (opened, brought) = page.agreed(Some(&bob.handle)).await;

    let refused = page.connect(&opened, &brought).await;

    assert!(
        matches!(&refused, Err(ConsentError::AnotherAccount { remote_id }) if *remote_id == page.account.did),
        "{refused:?}"
    );
}

pub(crate) async fn consent_of_another_issuer_is_not_taken(page: &Page<'_>) {
    let (opened, mut brought) = page.agreed(None).await;
    for issuer in [Value::Null, "https://evil.example.org".into()] {
        brought["iss"] = issuer;

        let refused = page.connect(&opened, &brought).await;

        assert!(
            matches!(refused, Err(ConsentError::Forged { .. })),
            "{refused:?}"
        );
    }
}

pub(crate) async fn code_without_the_secret_of_pkce_is_of_no_use(page: &Page<'_>) {
    let (opened, brought) = page.agreed(None).await;
    let text = Credential::new(opened.pending.expose().to_owned());
    let other = with_field(&text, "verifier", &format!("{SECRET}xyz"));
    let stolen = ConsentPage {
        pending: networks::PendingConsent::new(other.expose().to_owned()),
        ..opened
    };

    let refused = page.connect(&stolen, &brought).await;

    assert!(
        matches!(
            refused,
            Err(ConsentError::Network(NetworkError::Unauthorized { .. }))
        ),
        "{refused:?}"
    );
}

pub(crate) async fn page_for_a_handle_that_nobody_has_is_refused_at_once(page: &Page<'_>) {
    let refused = page.open(Some("nobody.test")).await;

    assert!(
        matches!(
            refused,
            Err(NetworkError::Invalid {
                field: "handle",
                ..
            })
        ),
        "{refused:?}"
    );
}

pub(crate) async fn declined_page_brings_an_error_and_no_code(page: &Page<'_>) {
    let opened = page.open(None).await.unwrap();

    let brought = page.pds.decline(opened.address.as_str()).await;

    assert_eq!(brought["error"], "access_denied");
    assert!(brought["state"].as_str().unwrap().starts_with(SECRET));
    assert_eq!(brought.get("code"), None);
}

fn texts(posts: &[testkit::PdsPost], wanted: &str) -> usize {
    let of = |post: &&testkit::PdsPost| post.record["text"] == wanted;
    posts.iter().filter(of).count()
}
