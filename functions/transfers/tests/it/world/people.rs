//! Who has what is exported.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::EventKind;
use domain::membership::Role;
use domain::tenant::TimeZoneName;
use domain::user::{Origin, User};
use domain::{Clock as _, NoticeId, UserId};
use serde_json::Value;
use store::{NewToken, OwedMail, Registration, SecretHash, StoredPassword, TokenPurpose, UserAct};
use testkit::TestMember;

use super::{SECRET, World};

impl World {
    /// The owner of a fresh tenant, who can get mails under this address.
    pub(crate) async fn owner(&self, address: &str) -> TestMember {
        let user = self.register(address).await;
        let tenant = testkit::http::tenant(&self.table, &self.clock);
        testkit::http::member_of(&self.table, &self.clock, user, &tenant, Role::Owner).await
    }

    async fn register(&self, address: &str) -> UserId {
        let now = self.clock.now();
        let id = UserId::generate(self.table.ids());
        let registration = Registration {
            user: User {
                id,
                email: address.parse().unwrap(),
                email_verified: true,
                name: "Ada".to_owned(),
                locale: "en".to_owned(),
                time_zone: TimeZoneName::utc(),
                avatar: None,
                version: 1,
                created_at: now,
            },
            password: StoredPassword {
                sealed: SECRET.to_vec(),
                version: 1,
            },
            token: NewToken {
                secret: SecretHash::of(address),
                purpose: TokenPurpose::VerifyEmail,
                user: id,
                address: address.parse().unwrap(),
                password_version: 1,
                expires_at: now,
            },
            mail: OwedMail {
                id: NoticeId::generate(self.table.ids()),
                sealed: SECRET.to_vec(),
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
        self.table.system().register(registration).await.unwrap();
        id
    }

    /// What somebody who has a passkey has noted with their user.
    pub(crate) async fn guard(&self, member: &TestMember) {
        let client = Client::from_conf(self.endpoint.clone().build());
        let update = client.update_item();
        update
            .table_name(&self.table.settings().name)
            .key("PK", AttributeValue::S(format!("U#{}", member.user)))
            .key("SK", AttributeValue::S("META".to_owned()))
            .update_expression("SET fac = :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .unwrap();
    }
}
