//! Another signing key takes the place of the old one while programs call.

use auth::SignInLimits;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock as _;
use domain::event::Actor;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Act, RetiredSigningKeys};

use crate::app::{App, PASSWORD, text};
use crate::forgery::Forge;

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

async fn retire(app: &App, made_before: Timestamp) -> RetiredSigningKeys {
    let act = Act {
        actor: Actor::system("operator"),
        at: app.clock.now(),
    };
    let system = app.table.system();
    system.retire_signing_keys(made_before, &act).await.unwrap()
}

/// A token that somebody makes now with the private key that they have.
fn forged(forge: &Forge) -> String {
    let now = forge.app.clock.now().as_second();
    let mut claims = forge.claims.clone();
    claims["iat"] = now.into();
    claims["exp"] = (now + 300).into();
    forge.signed(&forge.header.to_string(), &claims.to_string())
}

async fn status(app: &App, token: &str) -> u16 {
    let answer = app.me_by_token(token).await;
    if answer.status != 200 {
        answer.clone().expect_problem(401, "unauthenticated");
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn id_27_leaked_key_is_refused_everywhere_within_ten_minutes_and_nobody_signs_in_anew() {
    let forge = Forge::new().await;
    let one = &forge.app;
    let cookie = one.login(PASSWORD, "cookie").await.expect(200).cookie();
    let pair = one.login(PASSWORD, "token").await.expect(200).body;
    let mut refresh = text(&pair, "refresh_token").to_owned();
    one.clock.advance(SignedDuration::from_mins(4));
    // Others, which have just read the keys; one of them sees nobody but the thief.
    let two = one.beside(SignInLimits::local()).await;
    let three = one.beside(SignInLimits::local()).await;
    let leaked = published(&two).await;
    let taken = status(&three, &forged(&forge)).await;
    assert_eq!(taken, 200, "what the drill is about");

    let now = one.clock.now();
    let outcome = retire(one, now).await;

    assert_eq!((&outcome.retired, outcome.kept.len()), (&leaked, 0));
    let (mut renewals, mut refused_for) = (0, 0);
    let mut access = text(&pair, "access_token").to_owned();
    for minute in 0..=10 {
        for app in [one, &two] {
            app.me_by_cookie(&cookie).await.expect(200);
            // As programs do: a refused token is renewed, and the new one is taken everywhere.
            if status(app, &access).await == 401 {
                let renewed = one.refresh(&refresh).await.expect(200).body;
                text(&renewed, "refresh_token").clone_into(&mut refresh);
                text(&renewed, "access_token").clone_into(&mut access);
                renewals += 1;
                for app in [one, &two] {
                    assert_eq!(status(app, &access).await, 200, "minute {minute}");
                }
            }
        }
        let mut is_refused = true;
        for app in [one, &two, &three] {
            is_refused &= status(app, &forged(&forge)).await == 401;
        }
        // Once refused it never comes back.
        assert!(is_refused || refused_for == 0, "minute {minute}");
        refused_for += usize::from(is_refused);
        one.clock.advance(SignedDuration::from_mins(1));
    }

    assert_eq!(refused_for, 6, "from the fifth minute on");
    // One because of the key, and one because the token that this gave has ended by itself.
    assert_eq!(renewals, 2);
    for app in [one, &two, &three] {
        let kids = published(app).await;
        assert_eq!(kids, [signed_by(&access)]);
        assert_ne!(kids, leaked);
    }
    let raw = testkit::table::everything(&one.client).await;
    assert_eq!(raw.matches("signing_key.retired").count(), 1);
}

#[tokio::test]
async fn id_27_retired_keys_are_replaced_by_one_and_the_order_may_be_repeated() {
    let app = App::new().await;
    let pair = app.program().await;
    let retired_at = app.clock.now() + SignedDuration::from_mins(1);
    app.clock.advance(SignedDuration::from_mins(1));
    let others = [
        app.beside(SignInLimits::local()).await,
        app.beside(SignInLimits::local()).await,
    ];
    let (first, twin) = tokio::join!(retire(&app, retired_at), retire(&others[0], retired_at));
    assert_eq!(first.retired.len() + twin.retired.len(), 1);

    app.clock.advance(SignedDuration::from_mins(1));
    let (a, b, c) = tokio::join!(
        app.login(PASSWORD, "token"),
        others[0].login(PASSWORD, "token"),
        others[1].login(PASSWORD, "token"),
    );

    let signers = [a, b, c].map(|answer| signed_by(text(&answer.expect(200).body, "access_token")));
    assert_eq!(
        signers,
        [signers[0].clone(), signers[0].clone(), signers[0].clone()]
    );
    assert_ne!(signers[0], signed_by(text(&pair, "access_token")));
    let again = retire(&app, retired_at).await;
    assert_eq!(again.retired, [] as [String; 0]);
    assert_eq!(again.kept, [signers[0].clone()]);
    let raw = testkit::table::everything(&app.client).await;
    assert_eq!(raw.matches("signing_key.retired").count(), 1);
}

#[tokio::test]
async fn id_27_keys_retired_while_the_key_service_is_down_stay_so_and_use_up_no_refresh_token() {
    let app = App::new().await;
    let pair = app.program().await;
    // The key that would seal another one is forgotten by then.
    app.clock.advance(SignedDuration::from_hours(1));
    app.keys.fail(true);

    retire(&app, app.clock.now()).await;
    app.clock.advance(SignedDuration::from_mins(5));

    let refresh = text(&pair, "refresh_token");
    app.refresh(refresh)
        .await
        .expect_problem(503, "unavailable");
    app.keys.fail(false);
    app.refresh(refresh).await.expect(200);
}
