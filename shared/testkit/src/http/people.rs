//! People behind members.

use domain::event::EventKind;
use domain::tenant::TimeZoneName;
use domain::user::{Origin, User};
use domain::{Clock, NoticeId};
use serde_json::Value;
use store::{
    NewToken, OwedMail, Registered, Registration, SecretHash, StoredPassword, Table, TokenPurpose,
    UserAct,
};

use super::TestMember;
use crate::clock::TestClock;

/// Registers the person of a member, who is called Ada and has no password that anything compares.
pub async fn register(table: &Table, clock: &TestClock, member: &TestMember) {
    let (user, now) = (member.user, clock.now());
    let address: domain::email::EmailAddress =
        format!("{user}@example.com").parse().expect("an address");
    let registration = Registration {
        user: User {
            id: user,
            email: address.clone(),
            email_verified: true,
            name: "Ada".to_owned(),
            locale: "en".to_owned(),
            time_zone: TimeZoneName::utc(),
            avatar: None,
            version: 1,
            created_at: now,
        },
        password: StoredPassword {
            sealed: Vec::new(),
            version: 1,
        },
        token: NewToken {
            secret: SecretHash::of(&format!("token of {user}")),
            purpose: TokenPurpose::VerifyEmail,
            user,
            address,
            password_version: 1,
            expires_at: now,
        },
        mail: OwedMail {
            id: NoticeId::generate(table.ids()),
            sealed: Vec::new(),
            since: now,
            useless_from: now,
        },
        act: UserAct {
            at: now,
            kind: EventKind::UserRegistered,
            origin: Origin::default(),
            detail: Value::Null,
        },
    };
    let registered = table.system().register(registration).await;
    assert_eq!(registered.expect("a readable table"), Registered::Done);
}
