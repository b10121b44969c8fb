//! Its posts, and what it answers to whoever makes one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use domain::delivery::{Evidence, ProofKind, RemoteJob};
use domain::network::RepeatRule;
use domain::{Clock, DeliveryId};
use jiff::{SignedDuration, Timestamp};
use networks::{CallOutcome, Credential, PublishRequest};

use super::{FakeNetwork, fault};

/// How the network answers a publishing call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It posts and says so.
    Accepts,
    /// It posts, and the answer is lost.
    LosesAnswer,
    /// It does not post, and the answer is lost.
    LosesCall,
    /// It takes the call and posts after this many seconds.
    Processes(i64),
    /// It asks to wait this many seconds.
    LimitsRate(u64),
    /// It refuses the content.
    Rejects,
    /// It refuses the credential, and renews it when asked.
    EndsSession,
    /// It refuses the credential for good.
    Revokes,
}

/// A post that readers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisiblePost {
    /// Its id.
    pub id: String,
    /// The delivery that made it.
    pub delivery: DeliveryId,
    /// Its text.
    pub text: String,
    /// When it appeared.
    pub posted_at: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Posts {
    pub(super) visible: Vec<VisiblePost>,
    pub(super) calls: usize,
    pub(super) script: VecDeque<Behaviour>,
    /// Credentials that are not taken any more.
    pub(super) ended: BTreeSet<String>,
    /// Credentials of which only the refresh token is taken.
    pub(super) expired: BTreeSet<String>,
    /// The credentials whose refresh tokens were used, in this order.
    pub(super) refreshed: Vec<String>,
    pub(super) is_revoked: bool,
    /// How often each account signed in.
    pub(super) sign_ins: BTreeMap<String, usize>,
    /// What it was told to end, in this order.
    pub(super) signed_out: Vec<String>,
    pub(super) hears_no_sign_outs: bool,
}

impl FakeNetwork {
    pub(super) fn take_call(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> CallOutcome {
        let now = self.clock.now();
        let mut posts = self.posts();
        posts.calls += 1;
        if posts.refuses(credential) {
            return CallOutcome::Unauthorized(fault("who are you"));
        }
        let behaviour = posts.script.pop_front().unwrap_or(Behaviour::Accepts);
        match behaviour {
            Behaviour::Accepts => {
                let post = self.post(&mut posts, request, now);
                CallOutcome::Published(evidence(&post, ProofKind::Response))
            }
            Behaviour::LosesAnswer => {
                self.post(&mut posts, request, now);
                CallOutcome::Unknown(fault("no answer"))
            }
            Behaviour::LosesCall => CallOutcome::Unknown(fault("no answer")),
            Behaviour::Processes(seconds) => {
                let visible_at = now
                    .checked_add(SignedDuration::from_secs(seconds))
                    .expect("a time that exists");
                let post = self.post(&mut posts, request, visible_at);
                CallOutcome::Processing(RemoteJob {
                    id: post.id,
                    poll_at: visible_at,
                })
            }
            Behaviour::LimitsRate(seconds) => CallOutcome::NoEffect {
                fault: fault("wait"),
                retry_after: Some(Duration::from_secs(seconds)),
            },
            Behaviour::Rejects => CallOutcome::Refused(fault("not like this")),
            Behaviour::EndsSession => {
                posts.ended.insert(credential.expose().to_owned());
                CallOutcome::Unauthorized(fault("who are you"))
            }
            Behaviour::Revokes => {
                posts.is_revoked = true;
                CallOutcome::Unauthorized(fault("who are you"))
            }
        }
    }

    fn post(
        &self,
        posts: &mut Posts,
        request: &PublishRequest,
        posted_at: Timestamp,
    ) -> VisiblePost {
        let text = request
            .parts
            .first()
            .map(|part| part.text.clone())
            .unwrap_or_default();
        if self.rules.repeat == RepeatRule::ClientKey {
            posts
                .visible
                .retain(|post| post.delivery != request.delivery);
        }
        let id = format!("remote-{}", posts.calls);
        let post = VisiblePost {
            id,
            delivery: request.delivery,
            text,
            posted_at,
        };
        posts.visible.push(post.clone());
        post
    }
}

pub(super) fn evidence(post: &VisiblePost, proof: ProofKind) -> Evidence {
    Evidence {
        remote_id: Some(post.id.clone()),
        permalink: Some(format!("https://fake.test/{}", post.id)),
        proof,
        published_at: post.posted_at,
    }
}
