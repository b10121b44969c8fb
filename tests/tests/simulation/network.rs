//! The social network: what it was asked, what it answers, and what its readers see.

use domain::delivery::{
    CallOutcome, Evidence, Fault, FaultActor, FaultCategory, Fence, PollOutcome, ProofKind,
    ReadBack, RemoteJob,
};
use domain::network::RepeatRule;
use jiff::{SignedDuration, Timestamp};

use crate::table::{Id, Text};
use crate::weather::{NetworkKind, Takes};

/// A call that reached the network or is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) id: Id,
    pub(crate) fence: Fence,
    pub(crate) text: Text,
    pub(crate) at: Timestamp,
}

/// A post that readers see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Post {
    /// The delivery that called.
    pub(crate) id: Id,
    pub(crate) text: Text,
    /// The number of the call that made it.
    pub(crate) number: usize,
    pub(crate) at: Timestamp,
}

/// How the network takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It posts and says so.
    Accepts,
    /// It posts, and the answer is lost.
    LosesAnswer,
    /// It does not post, and the answer is lost.
    LosesCall,
    /// The answer is lost, and it posts later.
    PostsLate,
    /// It asks to wait a minute.
    LimitsRate,
    /// It refuses the content.
    Rejects,
    /// It refuses the credential, and renews it when asked.
    EndsSession,
    /// It refuses the credential until a person connects the account again.
    Revokes,
}

/// What happens with a call, decided when it begins.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// When the post appears, if it does.
    pub(crate) appears: Option<Timestamp>,
    /// When the answer comes and what it is, if one comes.
    pub(crate) answer: Option<(Timestamp, CallOutcome)>,
}

/// What the network says of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Fits,
    /// It has another one to offer.
    Renewed,
    Refused,
}

#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) kind: NetworkKind,
    pub(crate) calls: Vec<Call>,
    pub(crate) visible: Vec<Post>,
    /// Whether a person must connect the account again.
    pub(crate) is_revoked: bool,
    /// Credentials up to this version are not taken any more.
    ended: u32,
    /// Calls that it took and works on.
    jobs: Vec<usize>,
}

impl Network {
    pub(crate) fn new(kind: NetworkKind) -> Self {
        Self {
            kind,
            calls: Vec::new(),
            visible: Vec::new(),
            is_revoked: false,
            ended: 0,
            jobs: Vec::new(),
        }
    }

    /// A call begins, with the credential of this version; `pause` is how long the network takes for its part.
    pub(crate) fn begin(
        &mut self,
        call: Call,
        credential: u32,
        behaviour: Behaviour,
        pause: SignedDuration,
    ) -> Fate {
        let number = self.calls.len();
        self.calls.push(call);
        let answered = call.at + SignedDuration::from_millis(300);
        let appears = call.at + SignedDuration::from_millis(150);
        let later = appears + pause;
        let refuses = |outcome| Fate {
            appears: None,
            answer: Some((answered, outcome)),
        };
        let lost = |appears| Fate {
            appears,
            answer: None,
        };
        if self.refuses(credential) {
            return refuses(CallOutcome::Unauthorized(fault("who are you")));
        }
        let proof = evidence(number, ProofKind::Response, appears);
        match behaviour {
            Behaviour::Accepts => match self.kind.takes {
                Takes::Posts => Fate {
                    appears: Some(appears),
                    answer: Some((answered, CallOutcome::Published(proof))),
                },
                Takes::Drafts => Fate {
                    appears: Some(appears),
                    answer: Some((answered, CallOutcome::HandedOver(proof))),
                },
                Takes::Jobs => {
                    self.jobs.push(number);
                    let job = RemoteJob {
                        id: number.to_string(),
                        poll_at: later,
                    };
                    Fate {
                        appears: Some(later),
                        answer: Some((answered, CallOutcome::Processing(job))),
                    }
                }
            },
            Behaviour::LosesAnswer => lost(Some(appears)),
            Behaviour::LosesCall => lost(None),
            Behaviour::PostsLate => lost(Some(later)),
            Behaviour::LimitsRate => refuses(CallOutcome::NoEffect {
                fault: fault("wait"),
                retry_after: Some(std::time::Duration::from_mins(1)),
            }),
            Behaviour::Rejects => refuses(CallOutcome::Refused(fault("not like this"))),
            Behaviour::EndsSession => {
                self.ended = self.ended.max(credential);
                refuses(CallOutcome::Unauthorized(fault("who are you")))
            }
            Behaviour::Revokes => {
                self.is_revoked = true;
                refuses(CallOutcome::Unauthorized(fault("who are you")))
            }
        }
    }

    /// The post of a call appears. Where records have keys it replaces what is there.
    pub(crate) fn appear(&mut self, number: usize, now: Timestamp) -> Post {
        let Call { id, text, .. } = self.calls[number];
        let post = Post {
            id,
            text,
            number,
            at: now,
        };
        if self.kind.repeat == RepeatRule::ClientKey {
            self.visible.retain(|seen| seen.id != id);
        }
        self.visible.push(post);
        self.jobs.retain(|job| *job != number);
        post
    }

    pub(crate) fn visible_of(&self, id: Id) -> impl Iterator<Item = &Post> {
        self.visible.iter().filter(move |post| post.id == id)
    }

    /// The post that evidence names. Where records have keys, all calls of a delivery name the same one.
    pub(crate) fn visible_named(&self, remote_id: &str) -> Option<&Post> {
        let number: usize = remote_id.parse().ok()?;
        let call = self.calls.get(number)?;
        self.visible.iter().find(|post| match self.kind.repeat {
            RepeatRule::ClientKey => post.id == call.id,
            RepeatRule::ReadBack { .. } | RepeatRule::Nothing => post.number == number,
        })
    }

    pub(crate) fn refuses(&self, credential: u32) -> bool {
        self.is_revoked || credential <= self.ended
    }

    /// What it says when it is asked whether it means its refusal.
    pub(crate) fn check(&self, credential: u32) -> Check {
        if self.is_revoked {
            Check::Refused
        } else if self.refuses(credential) {
            Check::Renewed
        } else {
            Check::Fits
        }
    }

    /// How far a job is.
    pub(crate) fn poll(&self, job: &RemoteJob, credential: u32, now: Timestamp) -> PollOutcome {
        if self.refuses(credential) {
            return PollOutcome::Unknown(fault("who are you"));
        }
        let mut visible = self.visible.iter();
        match visible.find(|post| post.number.to_string() == job.id) {
            Some(post) => {
                PollOutcome::Published(evidence(post.number, ProofKind::Response, post.at))
            }
            None => PollOutcome::Running {
                poll_at: now + SignedDuration::from_secs(60),
            },
        }
    }

    /// What a look finds, where one can look at all: a network that says “absent” has no job for such a post either.
    /// Without keys, posts are told apart by their text only.
    pub(crate) fn read_back(&self, id: Id, text: Text) -> Option<ReadBack> {
        let is_alike = |seen: Id, other: Text| match self.kind.repeat {
            RepeatRule::ClientKey => seen == id,
            RepeatRule::ReadBack { .. } | RepeatRule::Nothing => other == text,
        };
        let works_on_it = self.jobs.iter().any(|job| {
            let call = self.calls[*job];
            is_alike(call.id, call.text)
        });
        let shows_nothing =
            self.kind.repeat == RepeatRule::Nothing || self.kind.takes == Takes::Drafts;
        if shows_nothing || works_on_it {
            return None;
        }
        let mut alike = self
            .visible
            .iter()
            .filter(|post| is_alike(post.id, post.text));
        Some(match (alike.next(), alike.next()) {
            (None, _) => ReadBack::Absent,
            (Some(post), None) => {
                ReadBack::Found(evidence(post.number, ProofKind::ReadBack, post.at))
            }
            (Some(_), Some(_)) => ReadBack::Ambiguous(fault("several look like it")),
        })
    }
}

pub(crate) fn evidence(number: usize, proof: ProofKind, published_at: Timestamp) -> Evidence {
    Evidence {
        remote_id: Some(number.to_string()),
        permalink: None,
        proof,
        published_at,
    }
}

pub(crate) fn fault(message: &str) -> Fault {
    Fault::new(
        "simulated",
        FaultCategory::NetworkUnavailable,
        FaultActor::Network,
        message,
        "look again",
    )
}
