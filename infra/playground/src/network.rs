//! The product's side of the playground.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::account::RemoteIdentity;
use domain::delivery::{Evidence, ProofKind, RemoteJob};
use domain::network::{
    ConnectMethod, CredentialField, MediaRules, NetworkId, RepeatRule, Rules, TextRules,
};
use domain::{Clock, FieldError};
use jiff::{SignedDuration, Timestamp};
use networks::{
    Answer, Attachment, CALL_TIME, CallOutcome, Connected, Credential, HttpClient, Network,
    NetworkError, PollOutcome, Prepared, PublishRequest, ReadBack,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::PREFIX;
use crate::outcome::{
    draft_fault, of_answer, of_call, of_missing, twins_fault, unauthorized_fault, unknown_fault,
};
use crate::wire::{
    ALT_TEXT_GRAPHEMES_MAX, Accepted, DELAY_MS_MAX, IMAGE_BYTES_MAX, IMAGE_TYPES, IMAGES_MAX, Job,
    Me, OwnPost, OwnPosts, Publish, PublishMedia, PublishPart, Session, SignIn, TEXT_BYTES_MAX,
    TEXT_GRAPHEMES_MAX, THREAD_PARTS_MAX, Uploaded,
};

/// The clocks are the same machine's; this covers the network's milliseconds and a step of the clock.
const SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The latest appearance of a post after its call began: the call's own time, then the longest delay.
const APPEARS_WITHIN: Duration = Duration::from_millis(DELAY_MS_MAX).saturating_add(CALL_TIME);

/// When to look again at a job about which the network said nothing.
const POLL_PAUSE: SignedDuration = SignedDuration::from_secs(5);

static FIELDS: [CredentialField; 1] = [CredentialField {
    name: "identifier",
    label: "Name",
    secret: false,
    optional: false,
    placeholder: "any name",
}];

static RULES: Rules = Rules {
    text: TextRules {
        graphemes_max: TEXT_GRAPHEMES_MAX,
        bytes_max: TEXT_BYTES_MAX,
        optional_with_media: true,
    },
    media: MediaRules {
        images_max: IMAGES_MAX,
        image_types: &IMAGE_TYPES,
        image_bytes_max: IMAGE_BYTES_MAX,
        alt_text_max: ALT_TEXT_GRAPHEMES_MAX,
        videos_max: 0,
    },
    thread_parts_max: THREAD_PARTS_MAX,
    repeat: RepeatRule::ReadBack {
        // Calls that are still being worked on show in the read-back, so an absence need only outlast what is on its
        // way to the network, which is at most one connection's life.
        absence_after_seconds: Some(30),
    },
    gap_seconds: 0,
    daily_posts_max: 100_000,
};

/// The network over loopback HTTP.
#[derive(Clone, Debug)]
pub struct Playground {
    base: Url,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl Playground {
    /// The network that is served at `base` (scheme, host and port of the local host).
    pub fn new(base: Url, http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self { base, http, clock }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{PREFIX}{path}"));
        url
    }

    async fn read<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, NetworkError> {
        let answer = self.answer(request).await?;
        parse(&answer).ok_or_else(|| NetworkError::Unavailable {
            message: "the playground's answer cannot be read".to_owned(),
        })
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer, NetworkError> {
        let answer =
            self.http
                .send(request)
                .await
                .map_err(|missing| NetworkError::Unavailable {
                    message: missing.to_string(),
                })?;
        if !answer.status.is_success() {
            return Err(of_answer(&answer));
        }
        Ok(answer)
    }

    async fn upload(
        &self,
        session: &Session,
        attachment: &Attachment,
    ) -> Result<PublishMedia, NetworkError> {
        let request = self
            .http
            .post(self.url("/api/media"))
            .bearer_auth(&session.token)
            .header(http::header::CONTENT_TYPE, &attachment.content_type)
            .body(Bytes::clone(&attachment.bytes));
        let Uploaded { id } = self.read(request).await?;
        Ok(PublishMedia {
            id,
            alt_text: attachment.alt_text.clone(),
        })
    }

    fn evidence(&self, id: &str, posted_at: Timestamp, proof: ProofKind) -> Evidence {
        Evidence {
            remote_id: Some(id.to_owned()),
            permalink: Some(self.url(&format!("/posts/{id}")).into()),
            proof,
            published_at: posted_at,
        }
    }
}

#[async_trait]
impl Network for Playground {
    fn id(&self) -> NetworkId {
        NetworkId::PLAYGROUND
    }

    fn name(&self) -> &'static str {
        "Playground"
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

    fn check_options(&self, options: &Value) -> Result<(), Vec<FieldError>> {
        match options {
            Value::Null => Ok(()),
            Value::Object(fields) if fields.is_empty() => Ok(()),
            Value::Object(fields) => Err(fields
                .keys()
                .map(|name| {
                    FieldError::new(
                        format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                        "unknown_field",
                        "the playground has no options",
                    )
                })
                .collect()),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(vec![FieldError::new(
                    "",
                    "wrong_type",
                    "options must be an object",
                )])
            }
        }
    }

    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError> {
        let identifier = credentials.get("identifier").cloned().unwrap_or_default();
        if identifier.trim().is_empty() {
            return Err(NetworkError::Invalid {
                field: "identifier",
                message: "enter any name".to_owned(),
            });
        }
        let request = self
            .http
            .post(self.url("/api/session"))
            .json(&SignIn { identifier });
        let session: Session = self.read(request).await.map_err(|error| match error {
            NetworkError::Refused(fault) => NetworkError::Invalid {
                field: "identifier",
                message: fault.message,
            },
            other => other,
        })?;
        connected(&session)
    }

    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError> {
        let session = session(credential)?;
        let request = self
            .http
            .get(self.url("/api/session"))
            .bearer_auth(&session.token);
        let Me { identifier } = self.read(request).await?;
        connected(&Session {
            identifier,
            ..session
        })
    }

    async fn refresh(
        &self,
        _: &Credential,
        _: Timestamp,
    ) -> Result<Option<Credential>, NetworkError> {
        Ok(None)
    }

    async fn sign_out(&self, credential: &Credential) -> Result<(), NetworkError> {
        let session = session(credential)?;
        let request = self
            .http
            .post(self.url("/api/session/end"))
            .bearer_auth(&session.token);
        self.answer(request).await.map(drop)
    }

    async fn prepare(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> Result<Prepared, NetworkError> {
        let session = session(credential)?;
        let mut parts = Vec::new();
        for part in &request.parts {
            let mut media = Vec::new();
            for attachment in &part.attachments {
                media.push(self.upload(&session, attachment).await?);
            }
            parts.push(PublishPart {
                text: part.text.clone(),
                media,
            });
        }
        serde_json::to_value(Publish { parts })
            .map(Prepared)
            .map_err(|_| NetworkError::Refused(draft_fault()))
    }

    async fn call(
        &self,
        credential: &Credential,
        _: &PublishRequest,
        prepared: &Prepared,
    ) -> CallOutcome {
        let Ok(session) = session(credential) else {
            return CallOutcome::Unauthorized(unauthorized_fault(
                "the stored sign-in cannot be read",
            ));
        };
        let request = self
            .http
            .post(self.url("/api/posts"))
            .bearer_auth(&session.token)
            .json(&prepared.0);
        let answer = match self.http.send(request).await {
            Ok(answer) => answer,
            Err(missing) => return of_missing(&missing),
        };
        if !answer.status.is_success() {
            return of_call(&answer);
        }
        match parse(&answer) {
            Some(Accepted::Post { id, posted_at }) => {
                CallOutcome::Published(self.evidence(&id, posted_at, ProofKind::Response))
            }
            Some(Accepted::Job { id, poll_at }) => {
                CallOutcome::Processing(RemoteJob { id, poll_at })
            }
            None => CallOutcome::Unknown(unknown_fault("the answer cannot be read")),
        }
    }

    async fn poll(
        &self,
        credential: &Credential,
        _: &PublishRequest,
        job: &RemoteJob,
    ) -> PollOutcome {
        let Ok(session) = session(credential) else {
            return PollOutcome::Unknown(unauthorized_fault("the stored sign-in cannot be read"));
        };
        let request = self
            .http
            .get(self.url(&format!("/api/jobs/{}", job.id)))
            .bearer_auth(&session.token);
        match self.read(request).await {
            Ok(Job::Done { id, posted_at }) => {
                PollOutcome::Published(self.evidence(&id, posted_at, ProofKind::Response))
            }
            Ok(Job::Running { poll_at }) => PollOutcome::Running { poll_at },
            Err(NetworkError::RateLimited { .. } | NetworkError::Unavailable { .. }) => {
                let now = self.clock.now();
                PollOutcome::Running {
                    poll_at: now.saturating_add(POLL_PAUSE).unwrap_or(now),
                }
            }
            Err(NetworkError::Unauthorized { message }) => {
                PollOutcome::Unknown(unauthorized_fault(&message))
            }
            Err(error @ (NetworkError::Invalid { .. } | NetworkError::Refused(_))) => {
                PollOutcome::Unknown(unknown_fault(&error.to_string()))
            }
        }
    }

    /// The call carries nothing that would identify it, so a post is found by its content and time. Twins that were
    /// scheduled on purpose cannot be told apart: then a person is asked.
    async fn read_back(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        called_at: Timestamp,
    ) -> Result<ReadBack, NetworkError> {
        let session = session(credential)?;
        let since = called_at.saturating_sub(SKEW).unwrap_or(called_at);
        let until = called_at
            .saturating_add(APPEARS_WITHIN)
            .unwrap_or(called_at);
        let mut url = self.url("/api/posts");
        url.query_pairs_mut()
            .append_pair("since", &since.to_string());
        let own = self.http.get(url).bearer_auth(&session.token);
        let OwnPosts { items } = self.read(own).await?;
        let alike: Vec<OwnPost> = items
            .into_iter()
            .filter(|post| post.posted_at <= until && looks_like(post, request))
            .collect();
        if alike.iter().any(|post| !post.visible) {
            return Err(NetworkError::Unavailable {
                message: "the playground still works on a post like this one".to_owned(),
            });
        }
        Ok(match alike.as_slice() {
            [] => ReadBack::Absent,
            [only] => only.id.as_deref().map_or(ReadBack::Absent, |id| {
                ReadBack::Found(self.evidence(id, only.posted_at, ProofKind::ReadBack))
            }),
            twins => ReadBack::Ambiguous(twins_fault(twins.len())),
        })
    }
}

/// The first part of the request, as the network shows it.
fn looks_like(post: &OwnPost, request: &PublishRequest) -> bool {
    request.parts.first().is_some_and(|first| {
        post.reply_to.is_none()
            && post.text == first.text
            && post.media_count == first.attachments.len()
    })
}

fn connected(session: &Session) -> Result<Connected, NetworkError> {
    let credential =
        serde_json::to_string(session).map_err(|_| NetworkError::Refused(draft_fault()))?;
    Ok(Connected {
        identity: RemoteIdentity {
            remote_id: session.identifier.clone(),
            handle: session.identifier.clone(),
            name: session.identifier.clone(),
            avatar_url: None,
        },
        credential: Credential::new(credential),
    })
}

fn session(credential: &Credential) -> Result<Session, NetworkError> {
    serde_json::from_str(credential.expose()).map_err(|_| NetworkError::Unauthorized {
        message: "the stored sign-in cannot be read".to_owned(),
    })
}

fn parse<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_slice(&answer.body).ok()
}
