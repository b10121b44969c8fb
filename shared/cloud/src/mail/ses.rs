//! AWS SES.

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use domain::{Error, Result};

use super::{Mail, Mailer};
use crate::aws::dependency_error;

const NAME: &str = "the mail service";

/// Mail by SES, from one address.
#[derive(Clone, Debug)]
pub struct SesMailer {
    client: Client,
    from: String,
}

impl SesMailer {
    /// Sends from the verified address `from`, such as `M1Autoposter <post@example.com>`.
    pub fn new(client: Client, from: impl Into<String>) -> Self {
        Self {
            client,
            from: from.into(),
        }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<()> {
        let content =
            content(mail).map_err(|error| Error::internal("a mail cannot be built", error))?;
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(content)
            .send()
            .await
            .map_err(|error| dependency_error(NAME, error))?;
        Ok(())
    }
}

fn content(mail: &Mail) -> std::result::Result<EmailContent, BuildError> {
    let body = Body::builder()
        .text(utf8(&mail.text)?)
        .html(utf8(&mail.html)?)
        .build();
    let message = Message::builder()
        .subject(utf8(&mail.subject)?)
        .body(body)
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

fn utf8(text: &str) -> std::result::Result<Content, BuildError> {
    Content::builder().charset("UTF-8").data(text).build()
}
