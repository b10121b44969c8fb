//! The social network: what it was asked, what it answers, and what its readers see.

use domain::delivery::{
    CallOutcome, Evidence, Fault, FaultActor, FaultCategory, Fence, PollOutcome, ProofKind,
    ReadBack, RemoteJob,
};
use domain::network::RepeatRule;
use jiff::{SignedDuration, Timestamp};

use crate::table::Id;
use crate::weather::NetworkKind;

/// A call that reached the network or is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) id: Id,
    pub(crate) fence: Fence,
    pub(crate) body: u32,
    pub(crate) at: Timestamp,
}

/// A post that readers see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Post {
    pub(crate) id: Id,
    pub(crate) body: u32,
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
    /// It refuses the credential.
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

#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) kind: NetworkKind,
    pub(crate) calls: Vec<Call>,
    pub(crate) visible: Vec<Post>,
    /// Calls that it took and works on.
    jobs: Vec<usize>,
}

impl Network {
    pub(crate) fn new(kind: NetworkKind) -> Self {
        Self {
            kind,
            calls: Vec::new(),
            visible: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// A call begins; `pause` is how long the network takes for its part.
    pub(crate) fn begin(
        &mut self,
        call: Call,
        behaviour: Behaviour,
        pause: SignedDuration,
    ) -> Fate {
        let number = self.calls.len();
        self.calls.push(call);
        let answered = call
            .at
            .checked_add(SignedDuration::from_millis(300))
            .unwrap();
        let appears = call
            .at
            .checked_add(SignedDuration::from_millis(150))
            .unwrap();
        let later = appears.checked_add(pause).unwrap();
        let answer = |outcome| Some((answered, outcome));
        if behaviour == Behaviour::Accepts && self.kind.is_slow {
            self.jobs.push(number);
        }
        match behaviour {
            Behaviour::Accepts if self.kind.is_slow => Fate {
                appears: Some(later),
                answer: answer(CallOutcome::Processing(RemoteJob {
                    id: number.to_string(),
                    poll_at: later,
                })),
            },
            Behaviour::Accepts => Fate {
                appears: Some(appears),
                answer: answer(CallOutcome::Published(evidence(
                    number,
                    ProofKind::Response,
                    appears,
                ))),
            },
            Behaviour::LosesAnswer => Fate {
                appears: Some(appears),
                answer: None,
            },
            Behaviour::LosesCall => Fate {
                appears: None,
                answer: None,
            },
            Behaviour::PostsLate => Fate {
                appears: Some(later),
                answer: None,
            },
            Behaviour::LimitsRate => Fate {
                appears: None,
                answer: answer(CallOutcome::NoEffect {
                    fault: fault("wait"),
                    retry_after: Some(std::time::Duration::from_mins(1)),
                }),
            },
            Behaviour::Rejects => Fate {
                appears: None,
                answer: answer(CallOutcome::Refused(fault("not like this"))),
            },
            Behaviour::Revokes => Fate {
                appears: None,
                answer: answer(CallOutcome::Unauthorized(fault("who are you"))),
            },
        }
    }

    /// The post of a call appears. Where records have keys it replaces what is there.
    pub(crate) fn appear(&mut self, number: usize, now: Timestamp) -> Post {
        let call = self.calls[number];
        let post = Post {
            id: call.id,
            body: call.body,
            number,
            at: now,
        };
        if self.kind.repeat == RepeatRule::ClientKey {
            self.visible.retain(|seen| seen.id != call.id);
        }
        self.visible.push(post);
        self.jobs.retain(|job| *job != number);
        post
    }

    pub(crate) fn visible_of(&self, id: Id) -> impl Iterator<Item = &Post> {
        self.visible.iter().filter(move |post| post.id == id)
    }

    /// How far a job is.
    pub(crate) fn poll(&self, job: &RemoteJob, now: Timestamp) -> PollOutcome {
        let post = self
            .visible
            .iter()
            .find(|post| post.number.to_string() == job.id);
        match post {
            Some(post) => {
                PollOutcome::Published(evidence(post.number, ProofKind::Response, post.at))
            }
            None => PollOutcome::Running {
                poll_at: now.checked_add(SignedDuration::from_secs(60)).unwrap(),
            },
        }
    }

    /// What a look finds, where one can look at all: a network that says “absent” has no job for the post either.
    pub(crate) fn read_back(&self, id: Id) -> Option<ReadBack> {
        let works_on_it = self.jobs.iter().any(|job| self.calls[*job].id == id);
        if self.kind.repeat == RepeatRule::Nothing || works_on_it {
            return None;
        }
        let post = self.visible_of(id).next();
        Some(post.map_or(ReadBack::Absent, |post| {
            ReadBack::Found(evidence(post.number, ProofKind::ReadBack, post.at))
        }))
    }
}

fn evidence(number: usize, proof: ProofKind, published_at: Timestamp) -> Evidence {
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
