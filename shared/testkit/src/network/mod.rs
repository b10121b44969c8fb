//! A network in memory that misbehaves on demand. What its readers would see is what its tests count.

mod consent;
mod posts;
mod sessions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cloud::faults::Effects;
use domain::delivery::{Fault, FaultActor, FaultCategory, ProofKind, RemoteJob};
use domain::network::{
    ConnectMethod, CredentialField, MediaRules, NetworkId, RepeatRule, Rules, TextRules,
};
use domain::{Clock, FieldError};
use jiff::Timestamp;
use networks::{
    CallOutcome, Connected, ConsentPages, Credential, Network, NetworkError, PollOutcome, Prepared,
    PublishRequest, ReadBack,
};
use serde_json::Value;

pub use self::posts::{Behaviour, VisiblePost};

use self::posts::{Posts, evidence};
use self::sessions::{AGAIN, RENEWED, account_of, connected, unauthorized};
use crate::clock::TestClock;

/// The network. It never deduplicates by itself: with [`RepeatRule::ClientKey`] a second call of a delivery writes the
/// same record, with [`RepeatRule::ReadBack`] it makes a second post, and posts are told apart by their text; with
/// [`RepeatRule::Nothing`] nobody can look.
#[derive(Debug)]
pub struct FakeNetwork {
    rules: Rules,
    clock: TestClock,
    posts: Arc<Mutex<Posts>>,
    effects: Effects,
}

impl FakeNetwork {
    /// The name under which accounts are connected.
    pub const ID: &str = "fake";

    /// An empty network with this rule about repeats.
    pub fn new(clock: &TestClock, repeat: RepeatRule) -> Self {
        Self {
            rules: rules(repeat),
            clock: clock.clone(),
            posts: Arc::default(),
            effects: Effects::default(),
        }
    }

    /// The same network as seen by a process whose calls are effects of `effects`.
    #[must_use]
    pub fn with_effects(&self, effects: Effects) -> Self {
        Self {
            rules: self.rules.clone(),
            clock: self.clock.clone(),
            posts: Arc::clone(&self.posts),
            effects,
        }
    }

    /// The same network with other rules.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The next calls are answered like this, one each; after them it accepts.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.posts().script.extend(behaviours);
    }

    /// What readers see now.
    pub fn visible(&self) -> Vec<VisiblePost> {
        let now = self.clock.now();
        self.posts()
            .visible
            .iter()
            .filter(|post| post.posted_at <= now)
            .cloned()
            .collect()
    }

    /// How many publishing calls there were.
    pub fn calls(&self) -> usize {
        self.posts().calls
    }

    /// How often somebody signed in with what an account's person knows.
    pub fn sign_ins(&self) -> usize {
        self.posts().sign_ins.values().sum()
    }

    /// From now on only the refresh token of this credential is taken, once.
    pub fn expire(&self, session: &str) {
        self.posts().expired.insert(session.to_owned());
    }

    /// From now on no credential is taken.
    pub fn revoke(&self) {
        self.posts().is_revoked = true;
    }

    /// The credentials whose refresh tokens were used, each as often as it was.
    pub fn refreshed(&self) -> Vec<String> {
        self.posts().refreshed.clone()
    }

    /// The credentials whose sessions it was told to end.
    pub fn signed_out(&self) -> Vec<String> {
        self.posts().signed_out.clone()
    }

    /// From now on it does not answer to who signs out, or does again.
    pub fn fail_sign_outs(&self, fails: bool) {
        self.posts().hears_no_sign_outs = fails;
    }

    fn posts(&self) -> MutexGuard<'_, Posts> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Network for FakeNetwork {
    fn id(&self) -> NetworkId {
        Self::ID.parse().expect("a network's name")
    }

    fn name(&self) -> &'static str {
        "Fake"
    }

    fn connect_method(&self) -> ConnectMethod {
        ConnectMethod::Credentials
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        &[CredentialField {
            name: "identifier",
            label: "Name",
            secret: false,
            optional: false,
            placeholder: "ada",
        }]
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn check_options(&self, _options: &Value) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError> {
        let name = credentials.get("identifier").cloned().unwrap_or_default();
        let mut connected = connected(&name);
        let mut posts = self.posts();
        let before = posts.sign_ins.entry(name.clone()).or_default();
        let session = format!("{name}{}", AGAIN.to_string().repeat(*before));
        *before += 1;
        connected.credential = Credential::new(session);
        Ok(connected)
    }

    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError> {
        let proved = async {
            let mut posts = self.posts();
            let session = credential.expose();
            if posts.is_revoked || posts.is_over(session) {
                return Err(unauthorized());
            }
            let mut connected = connected(account_of(session));
            connected.credential = if posts.expired.contains(session) {
                posts.renew(session)?
            } else if posts.ended.contains(session) {
                Credential::new(format!("{session}{RENEWED}"))
            } else {
                credential.clone()
            };
            Ok(connected)
        };
        let proved = self.effects.guard("network.check", proved).await;
        proved.unwrap_or_else(|_| {
            Err(NetworkError::Unavailable {
                message: "no answer".to_owned(),
            })
        })
    }

    async fn refresh(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Option<Credential>, NetworkError> {
        if !self.refreshes_once(credential, now) {
            return Ok(None);
        }
        let renewed = async {
            let renewed = self.posts().renew(credential.expose());
            // The answer takes its time, in which others go on.
            tokio::task::yield_now().await;
            renewed
        };
        let renewed = self.effects.guard("network.refresh", renewed).await;
        let renewed = renewed.unwrap_or_else(|_| {
            Err(NetworkError::Unavailable {
                message: "no answer".to_owned(),
            })
        });
        renewed.map(Some)
    }

    fn refreshes_once(&self, credential: &Credential, _now: Timestamp) -> bool {
        self.posts().expired.contains(credential.expose())
    }

    async fn sign_out(&self, credential: &Credential) -> Result<(), NetworkError> {
        let unavailable = || NetworkError::Unavailable {
            message: "no answer".to_owned(),
        };
        let told = async {
            let mut posts = self.posts();
            if posts.hears_no_sign_outs {
                return Err(unavailable());
            }
            if posts.is_gone(credential.expose()) {
                return Err(unauthorized());
            }
            posts.signed_out.push(credential.expose().to_owned());
            Ok(())
        };
        let told = self.effects.guard("network.sign_out", told).await;
        told.unwrap_or_else(|_| Err(unavailable()))
    }

    fn consent(&self) -> Option<&dyn ConsentPages> {
        Some(self)
    }

    async fn prepare(
        &self,
        _credential: &Credential,
        _request: &PublishRequest,
    ) -> Result<Prepared, NetworkError> {
        Ok(Prepared(Value::Null))
    }

    async fn call(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        _prepared: &Prepared,
    ) -> CallOutcome {
        let called = async { self.take_call(credential, request) };
        match self.effects.guard("network.call", called).await {
            Ok(outcome) => outcome,
            Err(_) => CallOutcome::Unknown(fault("no answer")),
        }
    }

    async fn poll(&self, _: &Credential, _: &PublishRequest, job: &RemoteJob) -> PollOutcome {
        let now = self.clock.now();
        let looked = async {
            self.posts()
                .visible
                .iter()
                .find(|post| post.id == job.id)
                .cloned()
        };
        match self.effects.guard("network.poll", looked).await {
            Ok(Some(post)) if post.posted_at <= now => {
                PollOutcome::Published(evidence(&post, ProofKind::Response))
            }
            Ok(Some(post)) => PollOutcome::Running {
                poll_at: post.posted_at,
            },
            Ok(None) => PollOutcome::Unknown(fault("no such job")),
            Err(_) => PollOutcome::Running { poll_at: now },
        }
    }

    async fn read_back(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        _called_at: Timestamp,
    ) -> Result<ReadBack, NetworkError> {
        let now = self.clock.now();
        let looked = async {
            let posts = self.posts();
            if posts.refuses(credential) {
                return Err(unauthorized());
            }
            let text = request.parts.first().map(|part| part.text.as_str());
            let is_alike = |post: &&VisiblePost| match self.rules.repeat {
                RepeatRule::ClientKey => post.delivery == request.delivery,
                RepeatRule::ReadBack { .. } => Some(post.text.as_str()) == text,
                RepeatRule::Nothing => false,
            };
            let alike = posts.visible.iter().filter(is_alike);
            Ok(alike.cloned().collect::<Vec<_>>())
        };
        let found = self.effects.guard("network.read_back", looked).await;
        let found = found.unwrap_or_else(|_| {
            Err(NetworkError::Unavailable {
                message: "no answer".to_owned(),
            })
        })?;
        if found.iter().any(|post| post.posted_at > now) {
            return Err(NetworkError::Unavailable {
                message: "it still works on a post like this one".to_owned(),
            });
        }
        Ok(match found.as_slice() {
            [] => ReadBack::Absent,
            [post] => ReadBack::Found(evidence(post, ProofKind::ReadBack)),
            _ => ReadBack::Ambiguous(fault("several look like it")),
        })
    }
}

fn fault(message: &str) -> Fault {
    Fault::new(
        "fake",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        message,
        "look again",
    )
}

fn rules(repeat: RepeatRule) -> Rules {
    Rules {
        text: TextRules {
            graphemes_max: 300,
            bytes_max: 3_000,
            optional_with_media: true,
        },
        media: MediaRules {
            images_max: 4,
            image_types: &["image/png", "image/jpeg"],
            image_bytes_max: 1_000_000,
            alt_text_max: 1_000,
            videos_max: 0,
        },
        thread_parts_max: 0,
        repeat,
        gap_seconds: 0,
        daily_posts_max: 0,
    }
}
