//! The mails of a reset of second factors: to the person, and to the owners who may know that something is wrong.

use cloud::mail::{Mail, Template};
use domain::membership::FactorReset;
use domain::user::User;
use domain::{Result, UserId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{OwedMail, StoredUser};

use crate::Ctx;
use crate::asker::Asker;
use crate::texts::{Catalogue, english};

/// Owners who are told: more would not make it safer.
const TOLD_MAX: usize = 10;
/// Members that one query reads.
const MEMBERS: i32 = 200;

/// A mail that is ready to be owed and sent.
pub(super) struct Letter {
    pub(super) owed: OwedMail,
    mail: Mail,
}

impl Letter {
    /// Sends it right now, if that is possible; else it stays owed.
    pub(super) async fn post(&self, ctx: &Ctx) {
        ctx.outbox.send_inline(self.owed.id, &self.mail).await;
    }
}

impl Ctx {
    /// To the person, with the link, and to all other owners.
    pub(super) async fn reset_letters(
        &self,
        asker: &Asker,
        person: &StoredUser,
        reset: &FactorReset,
        secret: &api::Secret,
    ) -> Result<Vec<Letter>> {
        let texts = english()?;
        let approver = self.table.system().user(asker.user).await?;
        let approver = approver.map_or_else(|| "Somebody".to_owned(), |approver| approver.name);
        let tenant = self.tenant(asker).head().await?.name;
        let mut link = self.link("reset-second-factor")?;
        link.query_pairs_mut().append_pair("token", secret.expose());
        let about = About {
            person: &person.user,
            approver: &approver,
            tenant: &tenant,
            reset,
        };
        let to_person = about.mail(texts, &person.user, link.as_str(), |texts| {
            &texts.factor_reset_approved
        });
        let mut mails = vec![to_person];
        let members = self.link("settings/members")?;
        for owner in self.other_owners(asker, person.user.id).await? {
            mails.push(about.mail(texts, &owner, members.as_str(), |texts| {
                &texts.factor_reset_told
            }));
        }
        let mut letters = Vec::with_capacity(mails.len());
        for mail in mails {
            let owed = self.outbox.owe(&mail, reset.usable_until()).await?;
            letters.push(Letter { owed, mail });
        }
        Ok(letters)
    }

    async fn other_owners(&self, asker: &Asker, person: UserId) -> Result<Vec<User>> {
        let members = self.tenant(asker);
        let (mut owners, mut after) = (Vec::new(), None);
        loop {
            let page = members.member_page(after, MEMBERS).await?;
            let found = page.members.iter().filter(|member| {
                member.role.is_owner() && member.user != asker.user && member.user != person
            });
            owners.extend(found.map(|member| member.user));
            after = page.next;
            if after.is_none() || owners.len() >= TOLD_MAX {
                break;
            }
        }
        owners.truncate(TOLD_MAX);
        self.table.system().users(&owners).await
    }
}

/// What all of the mails tell.
struct About<'a> {
    person: &'a User,
    approver: &'a str,
    tenant: &'a str,
    reset: &'a FactorReset,
}

impl About<'_> {
    fn mail(
        &self,
        texts: &Catalogue,
        to: &User,
        link: &str,
        template: fn(&Catalogue) -> &Template,
    ) -> Mail {
        let time = |at: Timestamp| {
            let zone = TimeZone::get(to.time_zone.as_str()).unwrap_or(TimeZone::UTC);
            at.to_zoned(zone)
                .strftime("%Y-%m-%d %H:%M (%Q)")
                .to_string()
        };
        let (from, until) = (
            time(self.reset.usable_from()),
            time(self.reset.usable_until()),
        );
        let values = [
            ("name", to.name.as_str()),
            ("member", &self.person.name),
            ("address", self.person.email.as_str()),
            ("approver", self.approver),
            ("tenant", self.tenant),
            ("from", &from),
            ("until", &until),
            ("link", link),
        ];
        template(texts).mail(to.email.as_str(), &values)
    }
}
