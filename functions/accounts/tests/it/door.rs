//! A network that only checks who comes in. What it answers is the test's to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::account::RemoteIdentity;
use domain::delivery::{Fault, FaultActor, FaultCategory, RemoteJob};
use domain::network::{
    ConnectMethod, CredentialField, MediaRules, NetworkId, RepeatRule, Rules, TextRules,
};
use jiff::Timestamp;
use networks::{
    CallOutcome, Connected, Credential, Network, NetworkError, PollOutcome, Prepared,
    PublishRequest, ReadBack,
};
use serde_json::Value;

/// How the network answers whoever comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Whoever has the right password comes in.
    #[default]
    Open,
    /// As [`Mood::Open`]; each check answers with another credential.
    Rotates,
    /// Nobody comes in.
    Closed,
    /// It does not answer.
    Silent,
    /// It asks to wait.
    Busy,
}

/// The password of everybody.
pub(crate) const PASSWORD: &str = "canary-app-password-4711";

#[derive(Debug)]
pub(crate) struct Door {
    rules: Rules,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    sign_ins: u32,
    checks: u32,
    names: BTreeMap<String, String>,
}

impl Door {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            rules: rules(),
            state: Mutex::default(),
        })
    }

    pub(crate) fn feel(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// An account is called something else from now on.
    pub(crate) fn rename(&self, identifier: &str, name: &str) {
        let names = &mut self.state().names;
        names.insert(identifier.to_owned(), name.to_owned());
    }

    /// How often somebody tried to come in, with whatever password.
    pub(crate) fn sign_ins(&self) -> u32 {
        self.state().sign_ins
    }

    pub(crate) fn checks(&self) -> u32 {
        self.state().checks
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, identifier: &str, serial: u32) -> Result<Connected, NetworkError> {
        let state = self.state();
        match state.mood {
            Mood::Open | Mood::Rotates => {}
            Mood::Closed => return Err(unauthorized()),
            Mood::Silent => {
                return Err(NetworkError::Unavailable {
                    message: "door.test does not answer".to_owned(),
                });
            }
            Mood::Busy => {
                return Err(NetworkError::RateLimited {
                    retry_after: Duration::from_secs(30),
                });
            }
        }
        let name = state.names.get(identifier).cloned();
        Ok(Connected {
            identity: RemoteIdentity {
                remote_id: format!("did:door:{identifier}"),
                handle: format!("{identifier}.door.test"),
                name: name.unwrap_or_else(|| identifier.to_owned()),
                avatar_url: None,
            },
            credential: Credential::new(format!("{identifier} {serial} {PASSWORD}")),
        })
    }
}

#[async_trait]
impl Network for Door {
    fn id(&self) -> NetworkId {
        "door".parse().unwrap()
    }

    fn name(&self) -> &'static str {
        "Door"
    }

    fn connect_method(&self) -> ConnectMethod {
        ConnectMethod::Credentials
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        const FIELDS: [CredentialField; 3] = [
            field("service", false, true),
            field("identifier", false, false),
            field("app_password", true, false),
        ];
        &FIELDS
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn check_options(&self, _: &Value) -> Result<(), Vec<domain::FieldError>> {
        Ok(())
    }

    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError> {
        self.state().sign_ins += 1;
        if credentials
            .get("service")
            .is_some_and(|url| url.contains("127.0.0.1"))
        {
            return Err(NetworkError::Invalid {
                field: "service",
                message: "this address is not public".to_owned(),
            });
        }
        if credentials["app_password"] != PASSWORD {
            return Err(unauthorized());
        }
        self.admit(&credentials["identifier"], 0)
    }

    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError> {
        let checks = {
            let mut state = self.state();
            state.checks += 1;
            state.checks
        };
        let mut parts = credential.expose().split(' ');
        let identifier = parts.next().unwrap();
        let serial = match self.state().mood {
            Mood::Rotates => checks,
            Mood::Open | Mood::Closed | Mood::Silent | Mood::Busy => {
                parts.next().unwrap().parse().unwrap()
            }
        };
        self.admit(identifier, serial)
    }

    async fn refresh(
        &self,
        _: &Credential,
        _: Timestamp,
    ) -> Result<Option<Credential>, NetworkError> {
        Ok(None)
    }

    async fn sign_out(&self, _: &Credential) -> Result<(), NetworkError> {
        Ok(())
    }

    async fn prepare(&self, _: &Credential, _: &PublishRequest) -> Result<Prepared, NetworkError> {
        Err(unauthorized())
    }

    async fn call(&self, _: &Credential, _: &PublishRequest, _: &Prepared) -> CallOutcome {
        CallOutcome::Refused(fault())
    }

    async fn poll(&self, _: &Credential, _: &PublishRequest, _: &RemoteJob) -> PollOutcome {
        PollOutcome::Refused(fault())
    }

    async fn read_back(
        &self,
        _: &Credential,
        _: &PublishRequest,
        _: Timestamp,
    ) -> Result<ReadBack, NetworkError> {
        Ok(ReadBack::Absent)
    }
}

const fn field(name: &'static str, secret: bool, optional: bool) -> CredentialField {
    CredentialField {
        name,
        label: name,
        secret,
        optional,
        placeholder: "",
    }
}

fn unauthorized() -> NetworkError {
    NetworkError::Unauthorized {
        message: "wrong identifier or password".to_owned(),
    }
}

fn fault() -> Fault {
    Fault::new(
        "closed",
        FaultCategory::Permission,
        FaultActor::User,
        "nothing is published here",
        "",
    )
}

fn rules() -> Rules {
    Rules {
        text: TextRules {
            graphemes_max: 300,
            bytes_max: 3_000,
            optional_with_media: true,
        },
        media: MediaRules {
            images_max: 4,
            image_types: &["image/png"],
            image_bytes_max: 1_000_000,
            alt_text_max: 1_000,
            videos_max: 0,
        },
        thread_parts_max: 0,
        repeat: RepeatRule::Nothing,
        gap_seconds: 0,
        daily_posts_max: 0,
    }
}
