//! What people call themselves and their things, in the mails and the log that come of it: F-23, F-34.

use std::collections::BTreeSet;

use cloud::mail::Mail;
use http::Method;
use serde_json::{Value, json};

use crate::canary::watch::Log;
use crate::places::{put, texts};
use crate::world::{Request, World, at, fill};

/// A name that is a page to a careless program, and a place of a template.
const NAME: &str = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\"'{link}";
/// How it begins where it is text in HTML.
const ESCAPED: &str = "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x";
/// Another header, the end of all headers, and a line of the log, as far as line ends are taken for ends.
const LINES: [&str; 2] = [
    "a\r\nbcc: eve@example.com\r\n\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
    "a\u{0}\rbcc: eve@example.com\u{85}\u{b}\n\u{1b}[31mforged",
];

#[tokio::test(flavor = "multi_thread")]
async fn f_23_f_34_name_with_a_meaning_is_text_in_every_mail_and_in_the_log() {
    let log = Log::of_this_process();
    let mut world = World::new().await;
    rename(&world, "/v1/me", NAME).await;
    let tenant = format!("/v1/tenants/{}", world.ada.tenant);
    rename(&world, &tenant, NAME).await;
    world.settle().await;

    let mut refused = 0;
    for operation in world.document.operations() {
        let places = world.recognised(&operation, &world.ada).await;
        let path = operation.path_with(&at(&world.ada, &places.unwrap_or_default()));
        let cookie = (!operation.is_public()).then_some(world.ada.cookie.as_str());
        let mut bodies = vec![world.body(&operation, &world.ada)];
        if let Some(schema) = &operation.body {
            for place in texts(&world.document, schema) {
                for text in LINES.into_iter().chain([NAME]) {
                    let mut body = world.document.sample("", schema);
                    put(
                        &world.document,
                        schema,
                        &mut body,
                        &place.steps,
                        json!(text),
                    );
                    fill(&mut body, &world.ada);
                    bodies.push(Some(body));
                }
            }
        }
        for body in bodies {
            let request = Request {
                method: operation.method.clone(),
                path: path.clone(),
                body,
            };
            let seen = world.call(cookie, &request).await;
            refused += usize::from(seen.status.is_client_error());
        }
    }

    let mails = world.product.mailbox.all();
    let faults: Vec<String> = mails.iter().flat_map(faults_of_mail).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    let lines = log.lines();
    let faults: Vec<String> = lines
        .iter()
        .filter_map(|line| fault_of_line(line))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));

    // Names did get there.
    let named = mails.iter().filter(|mail| mail.html.contains(ESCAPED));
    let subjects: BTreeSet<&str> = named.map(|mail| mail.subject.as_str()).collect();
    assert!(subjects.len() >= 4, "only {subjects:?}");
    assert!(
        subjects.iter().any(|subject| subject.contains(NAME)),
        "{subjects:?}"
    );
    assert!(
        refused > 200 && lines.len() > refused,
        "{refused} of {}",
        lines.len()
    );
}

async fn rename(world: &World, path: &str, name: &str) {
    let call = world.product.api.call(Method::PATCH, path);
    let call = call.cookie(&world.ada.cookie).header("if-match", "*");
    call.json(&json!({ "name": name })).send().await.expect(200);
}

/// What a mail has that makes something else of it than one with these texts.
fn faults_of_mail(mail: &Mail) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: &str, text: &str| faults.push(format!("{what}: {text:?}"));
    for header in [&mail.to, &mail.subject] {
        if header.chars().any(char::is_control) {
            fault("a header has more than a line", header);
        }
    }
    for body in [&mail.text, &mail.html] {
        if body
            .chars()
            .any(|character| character.is_control() && character != '\n')
        {
            fault("a body has control characters", body);
        }
        if body.lines().any(|line| line.starts_with("bcc:")) {
            fault("a line is somebody's", body);
        }
    }
    let tags = mail.html.split('<').skip(1);
    for tag in tags {
        let name = tag.trim_start_matches('/');
        if !["p>", "a>", "a href=\"http://127.0.0.1:8080/"]
            .iter()
            .any(|known| name.starts_with(known))
        {
            fault("HTML has a tag that is none of ours", tag);
        }
    }
    faults
}

/// What a line of the log has that makes something else of it than one event of ours.
fn fault_of_line(line: &str) -> Option<String> {
    let event: Option<Value> = serde_json::from_str(line).ok();
    let Some(event) = event.filter(|event| event["level"].is_string()) else {
        return Some(format!("no event: {line:?}"));
    };
    let is_forged = event["message"] == "forged" || line.chars().any(char::is_control);
    is_forged.then(|| format!("not ours: {line:?}"))
}

#[test]
fn f_23_mail_and_line_that_somebody_wrote_into_are_found() {
    let honest = Mail {
        to: "ada@example.com".to_owned(),
        subject: format!("{NAME} invites you"),
        text: format!("Hello {NAME},\n\nbye\n"),
        html: format!("<p>Hello {ESCAPED},</p><p><a href=\"http://127.0.0.1:8080/me\">x</a></p>"),
    };
    assert_eq!(faults_of_mail(&honest), [] as [String; 0]);
    for text in LINES {
        let mail = Mail {
            subject: text.to_owned(),
            ..honest.clone()
        };
        assert!(!faults_of_mail(&mail).is_empty(), "{text:?}");
    }
    let mail = Mail {
        html: format!("<p>Hello {NAME}</p>"),
        ..honest
    };
    assert!(!faults_of_mail(&mail).is_empty());
    assert_eq!(
        fault_of_line("{\"level\":\"INFO\",\"message\":\"answered\"}"),
        None
    );
    for line in LINES.into_iter().flat_map(str::lines) {
        assert!(fault_of_line(line).is_some(), "{line:?}");
    }
}
