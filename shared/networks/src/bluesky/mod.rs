//! Bluesky, and every other server (PDS) of the AT protocol.
//!
//! A post is a record whose key we choose from the delivery's id, so a repeated call never makes a second one: the network
//! itself makes "once" true. Accounts sign in by their server's consent page, or with an app password, of which only the
//! session is kept.

mod cid;
mod domains;
mod dpop;
mod errors;
mod facets;
mod home;
mod identity;
mod oauth;
mod publish;
mod record;
mod session;
mod sign_in;
mod tid;
mod xrpc;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::Clock;
use domain::delivery::RemoteJob;
use domain::network::{
    ConnectMethod, CredentialField, MediaRules, NetworkId, RepeatRule, Rules, TextRules,
};
use jiff::Timestamp;
use serde_json::Value;

pub use self::oauth::client::OauthClient;
use self::record::Options;
use self::session::Session;
use self::xrpc::Xrpc;
use crate::http::HttpClient;
use crate::network::{
    CallOutcome, Connected, Consent, ConsentError, ConsentPage, ConsentPages, ConsentRequest,
    Credential, Network, NetworkError, PendingConsent, PollOutcome, Prepared, PublishRequest,
    ReadBack,
};

static FIELDS: [CredentialField; 3] = [
    CredentialField {
        name: "service",
        label: "Server",
        secret: false,
        optional: true,
        placeholder: sign_in::DEFAULT_SERVICE,
    },
    CredentialField {
        name: "identifier",
        label: "Handle or e-mail address",
        secret: false,
        optional: false,
        placeholder: "alice.bsky.social",
    },
    CredentialField {
        name: "app_password",
        label: "App password",
        secret: true,
        optional: false,
        placeholder: "xxxx-xxxx-xxxx-xxxx",
    },
];

static RULES: Rules = Rules {
    text: TextRules {
        graphemes_max: 300,
        bytes_max: 3000,
        optional_with_media: true,
    },
    media: MediaRules {
        images_max: 4,
        image_types: &["image/jpeg", "image/png", "image/webp", "image/gif"],
        // Newer servers take 2,000,000; older ones refuse the post only when it is due, which is too late to tell.
        image_bytes_max: 1_000_000,
        // The limit of the network's own application; the schema has none.
        alt_text_max: 2000,
        videos_max: 0,
    },
    thread_parts_max: 24,
    repeat: RepeatRule::ClientKey,
    // Four images of 1 MB each through a slow server.
    gap_seconds: 0,
    // 35,000 points a day, of which a new record takes 3; the rest is for edits, deletions and other programs.
    daily_posts_max: 10_000,
};

/// The network.
#[derive(Clone, Debug)]
pub struct Bluesky {
    xrpc: Xrpc,
    clock: Arc<dyn Clock>,
    client: Option<OauthClient>,
}

impl Bluesky {
    /// The network over this client, whose egress policy decides which servers can be connected.
    pub fn new(http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self {
            xrpc: Xrpc::new(http, Arc::clone(&clock)),
            clock,
            client: None,
        }
    }

    /// The network with consent pages, which it asks for as this client.
    #[must_use]
    pub fn with_client(self, client: OauthClient) -> Self {
        Self {
            client: Some(client),
            ..self
        }
    }

    async fn renewed(&self, session: &Session, now: Timestamp) -> Result<Session, NetworkError> {
        match &session.grant {
            None => sign_in::refresh(&self.xrpc, session).await,
            Some(grant) => oauth::refresh(&self.xrpc, session, grant, now).await,
        }
    }
}

#[async_trait]
impl Network for Bluesky {
    fn id(&self) -> NetworkId {
        NetworkId::BLUESKY
    }

    fn name(&self) -> &'static str {
        "Bluesky"
    }

    fn connect_method(&self) -> ConnectMethod {
        ConnectMethod::Credentials
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &FIELDS
    }

    fn rules(&self) -> &Rules {
        &RULES
    }

    fn check_options(&self, options: &Value) -> Result<(), Vec<domain::FieldError>> {
        Options::parse(options).map(|_| ())
    }

    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError> {
        let session = sign_in::create(&self.xrpc, credentials).await?;
        connected(&self.xrpc, &session).await
    }

    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError> {
        let session = Session::of_credential(credential)?;
        let now = self.clock.now();
        // New tokens are a proof, and must not be lost to a failing look.
        let session = if session.grant.is_some() && session.is_stale(now) {
            self.renewed(&session, now).await?
        } else {
            sign_in::prove(&self.xrpc, session).await?
        };
        connected(&self.xrpc, &session).await
    }

    async fn refresh(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Option<Credential>, NetworkError> {
        let session = Session::of_credential(credential)?;
        if !session.is_stale(now) {
            return Ok(None);
        }
        let fresh = self.renewed(&session, now).await?;
        fresh.to_credential().map(Some)
    }

    async fn sign_out(&self, credential: &Credential) -> Result<(), NetworkError> {
        let session = Session::of_credential(credential)?;
        match &session.grant {
            None => sign_in::end(&self.xrpc, &session).await,
            Some(grant) => oauth::revoke(&self.xrpc, &session, grant).await,
        }
    }

    fn refreshes_once(&self, credential: &Credential, now: Timestamp) -> bool {
        Session::of_credential(credential)
            .is_ok_and(|session| session.grant.is_some() && session.is_stale(now))
    }

    fn consent(&self) -> Option<&dyn ConsentPages> {
        self.client.as_ref().map(|_| self as &dyn ConsentPages)
    }

    async fn prepare(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> Result<Prepared, NetworkError> {
        publish::prepare(&self.xrpc, &Session::of_credential(credential)?, request).await
    }

    async fn call(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        prepared: &Prepared,
    ) -> CallOutcome {
        publish::call(
            &self.xrpc,
            self.clock.as_ref(),
            credential,
            request,
            prepared,
        )
        .await
    }

    async fn poll(&self, _: &Credential, _: &PublishRequest, _: &RemoteJob) -> PollOutcome {
        PollOutcome::Unknown(errors::no_jobs_fault())
    }

    async fn read_back(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        called_at: Timestamp,
    ) -> Result<ReadBack, NetworkError> {
        publish::read_back(
            &self.xrpc,
            &Session::of_credential(credential)?,
            request,
            called_at,
        )
        .await
    }
}

#[async_trait]
impl ConsentPages for Bluesky {
    async fn open(&self, request: ConsentRequest<'_>) -> Result<ConsentPage, NetworkError> {
        let client = self.client.as_ref().ok_or(NetworkError::Unavailable {
            message: "this installation has no address that servers accept".to_owned(),
        })?;
        oauth::open(&self.xrpc, client, request).await
    }

    async fn connect(
        &self,
        pending: &PendingConsent,
        consent: Consent<'_>,
    ) -> Result<Connected, ConsentError> {
        let clock = self.clock.as_ref();
        let session = oauth::connect(&self.xrpc, clock, pending, consent).await?;
        Ok(connected(&self.xrpc, &session).await?)
    }

    fn client_document(&self) -> Option<Value> {
        self.client.as_ref()?.document()
    }
}

async fn connected(xrpc: &Xrpc, session: &Session) -> Result<Connected, NetworkError> {
    Ok(Connected {
        identity: identity::of_session(xrpc, session).await,
        credential: session.to_credential()?,
    })
}
