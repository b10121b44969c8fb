//! The pages: what was posted, and the switches. Plain HTML without scripts, so that they work under any content
//! security policy and with any assistive technology.

use std::fmt::{self, Write as _};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Shared;
use super::answer::Failure;
use super::behaviour::{Behaviour, Mode};
use super::reader_api::{BehaviourBody, identifier, set_behaviour, with_millis};
use super::store::{AccountCard, Post};
use crate::PREFIX;

static STYLE: &str = include_str!("style.css");

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    identifier: Option<String>,
}

/// A text with the characters that HTML gives a meaning replaced; fit for content and for quoted attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// All accounts, and the posts and switches of the chosen one.
pub(crate) async fn index(
    State(shared): State<Shared>,
    Query(chosen): Query<Chosen>,
) -> Result<Html<String>, Failure> {
    let now = shared.clock.now();
    let accounts = shared.with_store(move |store| store.accounts(now)).await?;
    let mut body = String::new();
    write_accounts(&mut body, &accounts, chosen.identifier.as_deref());
    if let Some(name) = chosen.identifier {
        let name = identifier(&name)?;
        let owner = name.clone();
        let (posts, behaviour) = shared
            .with_store(move |store| {
                Ok((store.visible_posts(&owner, now)?, store.behaviour(&owner)?))
            })
            .await?;
        write_posts(&mut body, &name, &posts);
        write_switches(&mut body, &name, behaviour);
    }
    Ok(page("Playground", &body))
}

/// The permalink of a post.
pub(crate) async fn post(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Html<String>, Failure> {
    let now = shared.clock.now();
    let post = shared
        .with_store(move |store| store.post(&id))
        .await?
        .filter(|post| post.posted_at <= now)
        .ok_or(Failure::NotFound)?;
    let mut body = String::new();
    let _ = write!(
        body,
        r#"<p><a href="{PREFIX}?identifier={}">All posts of {}</a></p>"#,
        query_value(&post.identifier),
        Escaped(&post.identifier)
    );
    write_post(&mut body, &post);
    Ok(page(&format!("Post of {}", post.identifier), &body))
}

/// The form's way to the switches; back to the page afterwards.
pub(crate) async fn choose_behaviour(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Redirect, Failure> {
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin") {
        return Err(Failure::CrossSite);
    }
    let (mut name, mut mode, mut delay_ms, mut times) = (String::new(), Mode::Ok, None, None);
    for (field, value) in url::form_urlencoded::parse(&body) {
        match field.as_ref() {
            "identifier" => name = value.into_owned(),
            "mode" => {
                mode = Mode::of_name(&value)
                    .ok_or(Failure::invalid("/mode", "choose one of the modes"))?;
            }
            "delay_ms" => delay_ms = number("/delay_ms", &value)?,
            "times" => times = number("/times", &value)?,
            _ => {}
        }
    }
    let (name, _) = set_behaviour(&shared, BehaviourBody::new(name, mode, delay_ms, times)).await?;
    Ok(Redirect::to(&format!(
        "{PREFIX}?identifier={}",
        query_value(&name)
    )))
}

fn number(pointer: &'static str, text: &str) -> Result<Option<u64>, Failure> {
    match text.trim() {
        "" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| Failure::invalid(pointer, "enter a whole number")),
    }
}

fn query_value(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · M1Autoposter</title>
<link rel="stylesheet" href="{PREFIX}/style.css">
</head>
<body>
<header><a href="{PREFIX}">Playground</a><p>A fake social network: nothing leaves this computer.</p></header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"#,
        title = Escaped(title)
    ))
}

// Writing to a `String` cannot fail, so the results below are dropped.

fn write_accounts(out: &mut String, accounts: &[AccountCard], chosen: Option<&str>) {
    let _ = write!(out, r#"<nav aria-label="Accounts"><h2>Accounts</h2>"#);
    if accounts.is_empty() {
        let _ = write!(
            out,
            "<p>None yet. Connect one in the dashboard under any name.</p>"
        );
    } else {
        let _ = write!(out, "<ul>");
        for account in accounts {
            let current = if chosen == Some(account.identifier.as_str()) {
                r#" aria-current="page""#
            } else {
                ""
            };
            let _ = write!(
                out,
                r#"<li><a href="{PREFIX}?identifier={}"{current}>{}</a> <span>{} {}</span></li>"#,
                query_value(&account.identifier),
                Escaped(&account.identifier),
                account.posts,
                if account.posts == 1 { "post" } else { "posts" }
            );
        }
        let _ = write!(out, "</ul>");
    }
    let _ = write!(out, "</nav>");
}

fn write_switches(out: &mut String, name: &str, behaviour: Behaviour) {
    let left = match (behaviour.mode, behaviour.times) {
        (Mode::Ok, _) | (_, None) => String::new(),
        (_, Some(times)) => format!(" for {times} more calls"),
    };
    let _ = write!(
        out,
        r#"<section aria-labelledby="behaviour"><h2 id="behaviour">Behaviour towards {name}</h2>
<p>Now: <strong>{mode}</strong> ({description}){left}.</p>
<form method="post" action="{PREFIX}/behaviour"><input type="hidden" name="identifier" value="{name}">
<fieldset><legend>Next calls</legend>"#,
        name = Escaped(name),
        mode = behaviour.mode.name(),
        description = behaviour.mode.description(),
    );
    for mode in Mode::ALL {
        let checked = if mode == behaviour.mode {
            " checked"
        } else {
            ""
        };
        let _ = write!(
            out,
            r#"<label><input type="radio" name="mode" value="{name}"{checked}> <code>{name}</code> {}</label>"#,
            mode.description(),
            name = mode.name(),
        );
    }
    let _ = write!(
        out,
        r#"</fieldset>
<label>Delay in milliseconds <input name="delay_ms" inputmode="numeric" pattern="[0-9]*"></label>
<label>For how many calls (empty: until changed) <input name="times" inputmode="numeric" pattern="[0-9]*"></label>
<button>Set</button></form></section>"#
    );
}

fn write_posts(out: &mut String, name: &str, posts: &[Post]) {
    let _ = write!(
        out,
        r#"<section aria-labelledby="posts"><h2 id="posts">Posts of {name}, newest first</h2>
<p><a href="{PREFIX}?identifier={}">Look again</a></p>"#,
        query_value(name),
        name = Escaped(name),
    );
    if posts.is_empty() {
        let _ = write!(out, "<p>Nothing yet.</p>");
    }
    for post in posts.iter().rev() {
        write_post(out, post);
    }
    let _ = write!(out, "</section>");
}

fn write_post(out: &mut String, post: &Post) {
    let time = with_millis(post.posted_at);
    let _ = write!(out, r#"<article id="post-{}">"#, Escaped(&post.id));
    if let Some(before) = &post.reply_to {
        let _ = write!(
            out,
            r#"<p>Reply to <a href="{PREFIX}/posts/{0}">{0}</a></p>"#,
            Escaped(before)
        );
    }
    let _ = write!(
        out,
        r#"<p class="text" dir="auto">{}</p>"#,
        Escaped(&post.text)
    );
    for medium in &post.media {
        let _ = write!(
            out,
            r#"<figure><img src="{PREFIX}/media/{}" alt="{alt}" loading="lazy">"#,
            Escaped(&medium.id),
            alt = Escaped(&medium.alt_text),
        );
        if !medium.alt_text.is_empty() {
            let _ = write!(
                out,
                "<figcaption>{}</figcaption>",
                Escaped(&medium.alt_text)
            );
        }
        let _ = write!(out, "</figure>");
    }
    let _ = write!(
        out,
        r#"<p><a href="{PREFIX}/posts/{}"><time datetime="{time}">{time}</time></a></p></article>"#,
        Escaped(&post.id)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_markup_is_shown_as_text() {
        assert_eq!(
            Escaped(r#"<img src=x onerror="a('b')">&"#).to_string(),
            "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;"
        );
    }
}
