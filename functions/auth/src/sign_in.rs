//! The beginning of a sign-in, once somebody proved who they are.

use api::{Client, DeviceCookie, Json, SESSION_LIFETIME, SessionCookie};
use axum::response::{IntoResponse, Response};
use domain::event::EventKind;
use domain::{Result, TenantId};
use http::HeaderMap;
use http::header::SET_COOKIE;
use jiff::SignedDuration;
use serde_json::json;
use store::{Belonging, Device, Opening, SecretHash, Session, SignIn, UserAct};

use crate::Ctx;
use crate::answer::SignedInAnswer;
use crate::authenticate::{Authenticated, wrong};
use crate::login::Mode;
use crate::passkey_login::refused;
use crate::sessions::is_alive;

impl Ctx {
    /// The cookie by which the browser of a sign-in is recognised. Refuses what another site makes a browser send.
    pub(crate) fn shown_device(
        &self,
        mode: Mode,
        headers: &HeaderMap,
    ) -> Result<Option<DeviceCookie>> {
        match mode {
            Mode::Cookie => {
                self.gate.check_sign_in(headers)?;
                Ok(DeviceCookie::of(headers, self.gate.cookie()))
            }
            Mode::Token => Ok(None),
        }
    }

    /// Signs somebody in, with the notice that they are owed.
    pub(crate) async fn sign_in(
        &self,
        proved: &Authenticated,
        mode: Mode,
        client: &Client,
        headers: &HeaderMap,
    ) -> api::Result<Response> {
        let shown = self.shown_device(mode, headers)?;
        let user = &proved.known.user;
        let system = self.table.system();
        let members = system.memberships(user.id).await?;
        let tenant = only(&members);
        let me = self.me(&proved.known, &members, tenant).await?;
        if proved.known.second_factors.is_none() {
            system.count_second_factors(user.id).await?;
        }
        let (device, new_cookie) = self.device(proved, mode, client, shown.as_ref());
        let outgoing = self.sign_in_notice(proved, &device).await?;
        // What opened it was changed or removed since it was compared.
        let overtaken = || match proved.opening {
            Opening::Password(_) => wrong(),
            Opening::Passkey(_) => refused(),
        };
        let sign_in = SignIn {
            opening: Some(&proved.opening),
            device: Some(&device),
            mail: outgoing.as_ref().map(|outgoing| &outgoing.owed),
            act: UserAct {
                at: self.clock.now(),
                kind: EventKind::UserSignedIn,
                origin: client.origin(),
                detail: json!({
                    "mode": mode,
                    "second_factor": proved.by_second_factor,
                    "passkey": proved.passkey(),
                }),
            },
        };
        let mut response = match mode {
            Mode::Cookie => {
                let (session, cookie) = self.new_session(proved, tenant, client);
                let is_started = match self.session_before(headers).await? {
                    Some(before) => {
                        let detail = json!({ "session": before.name() });
                        let end = self.end_of_session(EventKind::UserSessionEnded, client, detail);
                        system
                            .start_session_over(&before, &end, &session, &sign_in)
                            .await?
                    }
                    None => system.start_session(&session, &sign_in).await?,
                };
                if !is_started {
                    return Err(overtaken().into());
                }
                let cookie = self.gate.cookie().set(&cookie);
                let answer = SignedInAnswer { me, tokens: None };
                ([(SET_COOKIE, cookie)], Json(answer)).into_response()
            }
            Mode::Token => {
                let tokens = self.start_family(user.id, tenant, &sign_in).await?;
                let tokens = Some(tokens.ok_or_else(overtaken)?);
                Json(SignedInAnswer { me, tokens }).into_response()
            }
        };
        if let Some(cookie) = new_cookie.and_then(|cookie| cookie.set(self.gate.cookie())) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        if let Some(outgoing) = &outgoing {
            self.send(outgoing).await;
        }
        Ok(response)
    }

    /// By what the browser of a sign-in was signed in until then, if it was.
    async fn session_before(&self, headers: &HeaderMap) -> Result<Option<Session>> {
        let before = self.gate.session_of(headers).await?;
        Ok(before.filter(|before| is_alive(before, self.clock.now())))
    }

    /// The device that is signed in with, and the cookie by which a new browser is known from then on.
    fn device(
        &self,
        proved: &Authenticated,
        mode: Mode,
        client: &Client,
        shown: Option<&DeviceCookie>,
    ) -> (Device, Option<DeviceCookie>) {
        let user = proved.known.user.id;
        let origin = client.origin();
        let (mark, new_cookie) = match (mode, shown) {
            (Mode::Cookie, Some(cookie)) if proved.is_known_device => (cookie.mark(), None),
            (Mode::Cookie, _) => {
                let cookie = DeviceCookie::generate(&*self.random, user);
                (cookie.mark(), Some(cookie))
            }
            // A program keeps no cookie: it is known by what it is and where.
            (Mode::Token, _) => (SecretHash::of(&format!("{origin:?}")), None),
        };
        let device = Device {
            user,
            mark,
            origin,
            used_at: self.clock.now(),
        };
        (device, new_cookie)
    }

    fn new_session(
        &self,
        proved: &Authenticated,
        tenant: Option<TenantId>,
        client: &Client,
    ) -> (Session, SessionCookie) {
        let user = proved.known.user.id;
        let cookie = SessionCookie::generate(&*self.random, user, tenant);
        let now = self.clock.now();
        let session = Session {
            secret: cookie.hash(),
            user,
            tenant,
            started_at: now,
            proved_at: now,
            last_seen_at: now,
            longest_idle: SignedDuration::ZERO,
            ends_at: now.saturating_add(SESSION_LIFETIME).unwrap_or(now),
            origin: client.origin(),
            support: None,
            began_with: Some(cookie.hash()),
        };
        (session, cookie)
    }
}

fn only(members: &[Belonging]) -> Option<TenantId> {
    match members {
        [member] => Some(member.tenant.id),
        _ => None,
    }
}
