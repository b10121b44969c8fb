//! The words of mails about posts and accounts.

use cloud::mail::{Mail, Template};
use domain::notice::{Notice, NoticeCause};
use domain::user::User;

/// What a mail says: subject, one sentence on what happened, one on what to do, and where.
struct Words {
    subject: &'static str,
    what: &'static str,
    remedy: &'static str,
    link: String,
}

/// The mail to this person, in a tenant of this name.
pub(super) fn mail(dashboard: &str, user: &User, tenant: Option<&str>, notice: &Notice) -> Mail {
    let Words {
        subject,
        what,
        remedy,
        link,
    } = words(dashboard, &notice.cause);
    let why_you = if notice.is_for_departed {
        " You get this as an owner of {tenant}, for the person to whom it went before has left."
    } else {
        ""
    };
    let template = Template {
        subject: subject.to_owned(),
        text: format!("Hello {{name}},\n\n{what} {remedy}{why_you}\n\n{{link}}\n\nM1Autoposter\n"),
        html: format!(
            "<p>Hello {{name}},</p><p>{what} {remedy}{why_you}</p><p><a href=\"{{link}}\">{{link}}</a></p><p>M1Autoposter</p>"
        ),
    };
    let values = [
        ("name", user.name.as_str()),
        ("tenant", tenant.unwrap_or("your workspace")),
        ("link", link.as_str()),
    ];
    template.mail(user.email.as_str(), &values)
}

fn words(dashboard: &str, cause: &NoticeCause) -> Words {
    let of_post = |post: &domain::PostId| format!("{dashboard}/posts/{post}");
    match cause {
        NoticeCause::Failed { post, .. } => Words {
            subject: "A post could not be published",
            what: "One of the accounts of your post did not accept it, so it was not published there.",
            remedy: "The post's page says why and what to do; then press Retry.",
            link: of_post(post),
        },
        NoticeCause::Missed { post, .. } => Words {
            subject: "A post missed its time",
            what: "Your post was not published, for its time had passed.",
            remedy: "Publish it now with Retry, or schedule it again.",
            link: of_post(post),
        },
        NoticeCause::Held { post, .. } => Words {
            subject: "A post is on hold",
            what: "Your post waits for you and will not be published as it is.",
            remedy: "The post's page says why; press Resume when it may go out.",
            link: of_post(post),
        },
        NoticeCause::OutcomeUnknown { post, .. } => Words {
            subject: "Please check whether a post is out",
            what: "The network did not tell whether it published your post, and we could not find out. We did not try \
                   again, so that it does not appear twice.",
            remedy: "Please look at the account, then tell us on the post's page.",
            link: of_post(post),
        },
        NoticeCause::ReconnectNeeded { .. } => Words {
            subject: "An account must be connected again",
            what: "A network no longer accepts the access to one of your accounts. Its posts are on hold.",
            remedy: "Connect the account again, and they go out by themselves.",
            link: format!("{dashboard}/accounts"),
        },
        NoticeCause::ExportReady { .. } => Words {
            subject: "Your export is ready",
            what: "Everything that your workspace has is packed.",
            remedy: "Download it there; it is kept until a week after you asked for it.",
            link: format!("{dashboard}/settings/workspace"),
        },
        NoticeCause::OwnKeyRefused { .. } => Words {
            subject: "Your workspace's encryption key cannot be used",
            what: "The key service does not let us use the own encryption key of {tenant}, so what needs it waits.",
            remedy: "The workspace's page says why; once we can use the key again it goes on by itself.",
            link: format!("{dashboard}/settings/workspace"),
        },
        NoticeCause::AllowedAddressesChanged { .. } => Words {
            subject: "The allowed addresses of your workspace were changed",
            what: "Somebody changed from which addresses {tenant} may be used.",
            remedy: "If that was not meant, set them again; the audit log says who and how.",
            // Which an owner can read from everywhere, unlike the audit log.
            link: format!("{dashboard}/settings/workspace"),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::tenant::TimeZoneName;
    use domain::{PostId, UserId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn mail_about_a_post_links_to_it_and_escapes_the_name() {
        let user = User {
            id: UserId::from_uuid(Uuid::from_u128(1)),
            email: "ada@example.com".parse().unwrap(),
            email_verified: true,
            name: "<b>Ada</b>".to_owned(),
            locale: "en".to_owned(),
            time_zone: TimeZoneName::utc(),
            avatar: None,
            version: 1,
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let post = PostId::from_uuid(Uuid::from_u128(2));
        let delivery = domain::DeliveryId::from_uuid(Uuid::from_u128(3));

        let mail = mail(
            "https://app.example",
            &user,
            None,
            &Notice {
                id: domain::NoticeId::from_uuid(Uuid::from_u128(4)),
                tenant: None,
                user: user.id,
                cause: NoticeCause::Failed {
                    post,
                    delivery,
                    revision: 1,
                },
                owed_since: jiff::Timestamp::UNIX_EPOCH,
                tries: 0,
                is_for_departed: false,
            },
        );

        assert!(
            mail.text
                .contains(&format!("https://app.example/posts/{post}"))
        );
        assert!(mail.html.contains("&lt;b&gt;Ada") && !mail.html.contains("<b>"));
    }
}
