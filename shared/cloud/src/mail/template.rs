//! Texts of mails with places for values, such as `{name}`.

use serde::Deserialize;

use super::Mail;

/// A mail in one language, with places for values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same for programs that show HTML.
    pub html: String,
}

impl Template {
    /// The mail to this address. Values are put in once: what looks like a place inside a value stays as it is; in HTML
    /// they are text.
    pub fn mail(&self, to: &str, values: &[(&str, &str)]) -> Mail {
        let escaped: Vec<(&str, String)> = values
            .iter()
            .map(|(name, value)| (*name, escape(value)))
            .collect();
        let escaped: Vec<(&str, &str)> = escaped
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Mail {
            to: to.to_owned(),
            subject: fill(&self.subject, values),
            text: fill(&self.text, values),
            html: fill(&self.html, &escaped),
        }
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        let (value, after) = place.unwrap_or(("{", after));
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_puts_each_value_in_once_and_as_text() {
        let template = Template {
            subject: "{name} {".to_owned(),
            text: "{name} {link} {other}".to_owned(),
            html: "<b>{name}</b>".to_owned(),
        };

        let mail = template.mail(
            "ada@example.com",
            &[("name", "<{link}>"), ("link", "https://x")],
        );

        assert_eq!(mail.subject, "<{link}> {");
        assert_eq!(mail.text, "<{link}> https://x {other}");
        assert_eq!(mail.html, "<b>&lt;{link}&gt;</b>");
    }
}
