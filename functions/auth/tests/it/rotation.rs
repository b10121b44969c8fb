//! Another signing key takes the place of the old one while programs call.

use auth::SignInLimits;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock as _;
use jiff::SignedDuration;
use serde_json::Value;

use crate::app::{App, PASSWORD, text};

async fn rotate(app: &App) {
    let now = app.clock.now();
    api::rotate_signing_keys(&app.table, &app.envelope, now)
        .await
        .unwrap();
}

async fn published(app: &App) -> Vec<String> {
    let answer = app.api.get("/.well-known/jwks.json").send().await;
    let keys = answer.expect(200).body["keys"].as_array().unwrap().clone();
    let kids = keys.iter().map(|key| text(key, "kid").to_owned());
    kids.collect()
}

fn signed_by(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    text(&header, "kid").to_owned()
}

/// A program that renews its tokens every minute and keeps those that are still good.
struct Program {
    refresh: String,
    alive: Vec<String>,
}

impl Program {
    async fn minute(&mut self, instances: &[App; 2]) {
        let pair = instances[self.alive.len() % 2].refresh(&self.refresh).await;
        let pair = pair.expect(200).body;
        text(&pair, "refresh_token").clone_into(&mut self.refresh);
        self.alive.push(text(&pair, "access_token").to_owned());
        if self.alive.len() > 5 {
            self.alive.remove(0);
        }
        for token in &self.alive {
            for app in instances {
                app.me_by_token(token).await.expect(200);
            }
        }
    }
}

#[tokio::test]
async fn id_27_rotation_during_load_fails_no_request() {
    let one = App::new().await;
    let instances = [one.beside(SignInLimits::local()).await, one];
    instances[1].newcomer().await;
    let [old] = <[String; 1]>::try_from(published(&instances[1]).await).unwrap();
    instances[1]
        .clock
        .advance(SignedDuration::from_hours(30 * 24));
    let pair = instances[1].login(PASSWORD, "token").await.expect(200).body;
    let mut program = Program {
        refresh: text(&pair, "refresh_token").to_owned(),
        alive: vec![text(&pair, "access_token").to_owned()],
    };
    let mut signers = Vec::new();
    let mut announced = 0;

    for minute in 0..30 {
        if minute >= 5 {
            // Whoever starts does so; often is as good as once.
            rotate(&instances[minute % 2]).await;
        }
        program.minute(&instances).await;
        let signer = signed_by(program.alive.last().unwrap());
        announced += usize::from(published(&instances[0]).await.len() == 2);
        if signers.last() != Some(&signer) {
            signers.push(signer);
        }
        instances[1].clock.advance(SignedDuration::from_mins(1));
    }

    let [first, second] = &signers[..] else {
        panic!("{signers:?}");
    };
    assert_eq!(*first, old);
    // Both were to be found for as long as tokens of either were good.
    assert!(announced >= 15, "{announced}");
    instances[1].clock.advance(SignedDuration::from_mins(10));
    assert_eq!(published(&instances[1]).await, std::slice::from_ref(second));
    let raw = instances[1]
        .table
        .system()
        .keyring()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(raw.signing.len(), 1);
}

#[tokio::test]
async fn id_27_key_is_rotated_once_by_all_who_try() {
    let app = App::new().await;
    app.clock.advance(SignedDuration::from_hours(30 * 24));

    tokio::join!(rotate(&app), rotate(&app), rotate(&app));

    let keyring = app.table.system().keyring().await.unwrap().unwrap();
    assert_eq!(keyring.signing.len(), 2);
    assert_eq!(keyring.version, 1);
}
