//! Its accounts and their sessions. A session is its credential: the name of the account, and what says how it was made.

use domain::account::RemoteIdentity;
use networks::{Connected, Credential, NetworkError};

use super::posts::Posts;

/// What a renewed credential ends with, once more for each renewal.
pub(super) const RENEWED: char = '+';
/// What the credential of a sign-in ends with, once for each sign-in of the account before it.
pub(super) const AGAIN: char = '\'';

impl Posts {
    pub(super) fn is_over(&self, session: &str) -> bool {
        self.signed_out.iter().any(|over| over == session)
    }

    pub(super) fn is_gone(&self, session: &str) -> bool {
        self.is_revoked || self.ended.contains(session) || self.is_over(session)
    }

    pub(super) fn refuses(&self, credential: &Credential) -> bool {
        let session = credential.expose();
        self.is_gone(session) || self.expired.contains(session)
    }

    /// Uses the refresh token of a session. Whoever uses one again may have stolen it: from then on nothing is taken.
    pub(super) fn renew(&mut self, session: &str) -> Result<Credential, NetworkError> {
        self.is_revoked |= self.refreshed.iter().any(|used| used == session);
        self.refreshed.push(session.to_owned());
        if self.is_gone(session) {
            return Err(unauthorized());
        }
        Ok(Credential::new(format!("{session}{RENEWED}")))
    }
}

/// The name of the account whose session this is.
pub(super) fn account_of(session: &str) -> &str {
    session.trim_end_matches([RENEWED, AGAIN])
}

pub(super) fn connected(name: &str) -> Connected {
    Connected {
        identity: RemoteIdentity {
            remote_id: format!("fake:{name}"),
            handle: name.to_owned(),
            name: name.to_owned(),
            avatar_url: None,
        },
        credential: Credential::new(name.to_owned()),
    }
}

pub(super) fn unauthorized() -> NetworkError {
    NetworkError::Unauthorized {
        message: "who are you".to_owned(),
    }
}
