//! Passwords that are tried over many accounts from many networks, and the owners who sign in meanwhile.

use std::collections::BTreeMap;

use auth::SignInLimits;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::RateLimit;
use testkit::Answer;
use tracing::level_filters::LevelFilter;

use crate::admission::{admit, ask};
use crate::app::{ADDRESS, App, Lines, PASSWORD};
use crate::attempts::{attempt_from, device_cookie};

/// Networks that an attack comes from.
const NETWORKS: usize = 500;

/// One of them.
fn network(number: usize) -> String {
    let number = number % NETWORKS;
    format!("198.{}.{}.7", 18 + number / 250, number % 250)
}

/// Whether the password of a try was compared.
fn is_compared(answer: &Answer) -> bool {
    let is_refused = answer.status == 429 && answer.body["code"] == "sign_ins_held_back";
    assert!(
        is_refused || [200, 401].contains(&answer.status.as_u16()),
        "{}",
        answer.body
    );
    !is_refused
}

/// Tries of an attack.
const TRIES: usize = 500;
/// Owners whose accounts are tried, and how often they sign in meanwhile: at least 999 in 1,000 must get in.
const OWNERS: usize = 10;
const RIGHT: usize = 1_000;

/// Somebody whose password was stolen elsewhere.
struct Owner {
    address: String,
    password: String,
    home: String,
    /// The browsers that they use: the last one where they are new.
    devices: Vec<String>,
}

impl Owner {
    async fn new(app: &App, number: usize) -> Self {
        let address = format!("owner{number}@example.com");
        let password = format!("seven looms weave flower {number}");
        let home = format!("203.0.113.{number}");
        app.register(&address, &password).await.expect(202);
        let token = app.newest_token(&address);
        app.verify_with(&token, &password).await.expect(204);
        let first = attempt_from(app, &home, &address, &password, None).await;
        let device = device_cookie(&first.expect(200));
        Self {
            address,
            password,
            home,
            devices: vec![device],
        }
    }

    /// Lets a browser in at a new place, by the link of a mail.
    async fn arrive(&mut self, app: &App) {
        let place = format!("100.64.{}.9", self.devices.len());
        let held = attempt_from(app, &place, &self.address, &self.password, None).await;
        held.expect_problem(429, "sign_ins_held_back");
        ask(app, &self.address).await.expect(202);
        let token = app.newest_token(&self.address);
        let let_in = admit(app, &place, &token, None).await;
        self.devices.push(device_cookie(&let_in.expect(200)));
    }

    /// A right sign-in: with a browser of theirs from somewhere new, with another one at home, with a program at home.
    async fn sign_in(&self, app: &App, way: usize) -> Answer {
        let (address, password) = (&self.address, &self.password);
        match way % 4 {
            0 | 1 => {
                let abroad = format!("192.0.2.{}", way % 20);
                let device = &self.devices[way % self.devices.len()];
                attempt_from(app, &abroad, address, password, Some(device)).await
            }
            2 => attempt_from(app, &self.home, address, password, None).await,
            _ => by_program(app, &self.home, address, password).await,
        }
    }
}

async fn by_program(app: &App, from: &str, address: &str, password: &str) -> Answer {
    let body = json!({ "email": address, "password": password, "mode": "token" });
    let call = app.api.post("/v1/auth/login").from_address(from);
    call.json(&body).send().await
}

/// The alarm of the template.
struct Alarm {
    metric: String,
    period: i64,
    threshold: u64,
}

impl Alarm {
    fn of_template() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/template.yaml");
        let template = std::fs::read_to_string(path).unwrap();
        let (_, alarm) = template.split_once("\n  SignInAttackAlarm:").unwrap();
        let setting = |name: &str| {
            let (_, rest) = alarm.split_once(&format!(" {name}: ")).unwrap();
            rest.lines().next().unwrap().to_owned()
        };
        assert_eq!(setting("Statistic"), "Sum");
        assert_eq!(setting("EvaluationPeriods"), "1");
        Self {
            metric: setting("MetricName"),
            period: setting("Period").parse().unwrap(),
            threshold: setting("Threshold").parse().unwrap(),
        }
    }

    /// The end of the first period whose sum is too high.
    fn raised_at(&self, lines: &[Value]) -> Option<Timestamp> {
        let mut sums: BTreeMap<i64, u64> = BTreeMap::new();
        for line in lines {
            let at = line["_aws"]["Timestamp"].as_i64().unwrap() / 1000;
            let values = line[&self.metric].as_array().into_iter().flatten();
            *sums.entry(at / self.period).or_default() +=
                values.map(|value| value.as_u64().unwrap()).sum::<u64>();
        }
        let (period, _) = sums.into_iter().find(|(_, sum)| *sum >= self.threshold)?;
        Timestamp::from_second((period + 1) * self.period).ok()
    }
}

/// How long after its beginning somebody is told of an attack.
fn raised_after(app: &App, began: Timestamp) -> SignedDuration {
    let raised_at = Alarm::of_template().raised_at(&app.metrics.json());
    raised_at.expect("an alarm").duration_since(began)
}

/// A twentieth of 10,000 stolen pairs from 500 networks, of the ten minutes in which they are tried and, rounded down, of
/// what may fail at once: the share that is compared is about that of the whole.
#[tokio::test]
async fn f_27_stolen_pairs_from_five_hundred_networks_are_held_back_and_owners_get_in() {
    let strict = SignInLimits::strict();
    let strangers = RateLimit {
        burst: strict.strangers.burst / 20,
        ..strict.strangers
    };
    // What a hash costs has nothing to do with who is let in.
    let app = App::hashing_cheaply(SignInLimits {
        strangers,
        ..strict
    })
    .await;
    let mut owners = Vec::new();
    for number in 0..OWNERS {
        owners.push(Owner::new(&app, number).await);
    }
    let log = Lines::default();
    let writer = log.clone();
    let subscriber = cloud::telemetry::lines(LevelFilter::WARN, move || writer.clone());
    let _logging = tracing::subscriber::set_default(subscriber);
    let began = domain::Clock::now(&app.clock);
    let (mut compared, mut right, mut got_in) = (0, 0, 0);

    for number in 0..TRIES {
        let owner = &owners[number / 50];
        let (address, password) = match number % 50 {
            // Some pairs are right: they are what it is about. Some were.
            20 => (owner.address.clone(), owner.password.clone()),
            40 => (owner.address.clone(), "their former password".to_owned()),
            _ => (
                format!("somebody{number}@example.com"),
                format!("stolen pair number {number}"),
            ),
        };
        let from = network(number);
        let answer = match number % 2 {
            0 => attempt_from(&app, &from, &address, &password, None).await,
            _ => by_program(&app, &from, &address, &password).await,
        };
        compared += usize::from(is_compared(&answer));
        // Each of them is somewhere new at one time or another.
        if number % 50 == 30 {
            owners[number / 50].arrive(&app).await;
        }
        for _ in 0..RIGHT / TRIES {
            let answer = owners[right % OWNERS].sign_in(&app, right / OWNERS).await;
            right += 1;
            got_in += usize::from(answer.status == 200);
        }
        app.clock.advance(SignedDuration::from_millis(60));
    }

    assert!(compared * 100 <= TRIES, "{compared} were compared");
    assert_eq!((right, got_in), (RIGHT, RIGHT), "owners get in");
    let after = raised_after(&app, began);
    assert!(after < SignedDuration::from_mins(5), "{after}");
    // Where nobody turns lines into metrics, the log tells, and not with every try.
    let told = log.json();
    let told = told
        .iter()
        .filter(|line| line["message"].as_str().unwrap().contains("held back"));
    assert_eq!(told.count(), 1);
}

/// A quarter of a thousand accounts that are tried within ten minutes, and a quarter of what may fail at once.
#[tokio::test]
async fn f_27_one_password_over_many_accounts_and_networks_is_held_back_and_its_owner_gets_in() {
    let strict = SignInLimits::strict();
    let same_password = RateLimit {
        burst: strict.same_password.burst / 4,
        ..strict.same_password
    };
    let app = App::with_limits(SignInLimits {
        same_password,
        ..strict
    })
    .await;
    app.newcomer().await;
    let home = "203.0.113.7";
    let first = attempt_from(&app, home, ADDRESS, PASSWORD, None).await;
    let device = device_cookie(&first.expect(200));
    let began = domain::Clock::now(&app.clock);
    let mut compared = 0;

    for number in 0..250 {
        let address = match number {
            150 => ADDRESS.to_owned(),
            _ => format!("somebody{number}@example.com"),
        };
        let answer = attempt_from(&app, &network(number), &address, PASSWORD, None).await;
        compared += usize::from(is_compared(&answer));
        assert_ne!(answer.status, 200, "it is somebody's password");
        if number % 100 == 50 {
            let anywhere = attempt_from(&app, "192.0.2.7", ADDRESS, PASSWORD, Some(&device));
            anywhere.await.expect(200);
            let at_home = attempt_from(&app, home, ADDRESS, PASSWORD, None).await;
            at_home.expect(200);
        }
        app.clock.advance(SignedDuration::from_millis(600));
    }

    assert!(compared * 100 <= 250, "{compared} of 250 were compared");
    let after = raised_after(&app, began);
    assert!(after < SignedDuration::from_mins(5), "{after}");
}

fn few() -> SignInLimits {
    SignInLimits {
        strangers: RateLimit::per(2, SignedDuration::from_hours(1)),
        ..SignInLimits::local()
    }
}

/// Until strangers are held back.
async fn attack(app: &App) {
    for number in 0..3 {
        let (from, guess) = (network(number), format!("guess number {number}"));
        attempt_from(app, &from, "somebody@example.com", &guess, None).await;
    }
}

#[tokio::test]
async fn id_08_strangers_who_fail_are_counted_over_all_instances_and_others_not() {
    let one = App::with_limits(few()).await;
    let other = one.beside(few()).await;
    one.newcomer().await;
    for number in 0..4 {
        let somewhere = attempt_from(&one, &network(number), ADDRESS, PASSWORD, None).await;
        somewhere.expect(200);
    }
    for app in [&one, &other] {
        let wrong = attempt_from(app, &network(10), ADDRESS, "a wrong password", None).await;
        wrong.expect_problem(401, "invalid_credentials");
    }

    let mut told = Vec::new();
    for app in [&one, &other] {
        let held = attempt_from(app, &network(11), ADDRESS, PASSWORD, None).await;
        let held = held.expect_problem(429, "sign_ins_held_back");
        told.push(held.headers["retry-after"].to_str().unwrap().to_owned());
    }

    assert_eq!(told[0], told[1]);
    let seconds: i64 = told[0].parse().unwrap();
    one.clock.advance(SignedDuration::from_secs(seconds));
    let later = attempt_from(&other, &network(11), ADDRESS, PASSWORD, None).await;
    later.expect(200);
}

#[tokio::test]
async fn id_07_stranger_who_is_held_back_uses_up_no_try_of_the_owner() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    let home = attempt_from(&app, "203.0.113.7", ADDRESS, PASSWORD, None).await;
    home.expect(200);
    attack(&app).await;

    for number in 0..6 {
        // An instance that asks the table, as a new one does.
        app.clock.advance(SignedDuration::from_secs(3));
        let held = attempt_from(&app, &network(number), ADDRESS, PASSWORD, None).await;
        held.expect_problem(429, "sign_ins_held_back");
    }

    let home = attempt_from(&app, "203.0.113.7", ADDRESS, PASSWORD, None).await;
    home.expect(200);
}

#[tokio::test]
async fn id_02_stranger_who_is_held_back_learns_nothing_about_the_address() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    attack(&app).await;
    let mut answers = Vec::new();

    for (number, address) in [ADDRESS, "nobody@example.com"].into_iter().enumerate() {
        let from = network(100 + number);
        let call = attempt_from(&app, &from, address, PASSWORD, None);
        let (held, work) = app.work(call).await;
        let mut held = held.expect_problem(429, "sign_ins_held_back").body;
        held["instance"] = json!(null);
        assert_eq!(work.hashes, 0);
        answers.push((held, work));
    }

    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn owner_at_a_new_place_who_is_held_back_gets_in_by_a_mailed_link() {
    let app = App::with_limits(few()).await;
    app.newcomer().await;
    attack(&app).await;
    let (place, password) = ("192.0.2.77", "seven looms weave flowers");
    let held = attempt_from(&app, place, ADDRESS, PASSWORD, None).await;
    held.expect_problem(429, "sign_ins_held_back");

    let from_there = |path: &str, body: Value| {
        let call = app.api.post(path).from_address(place);
        call.json(&body).send()
    };
    let asked = from_there("/v1/auth/forgot-password", json!({ "email": ADDRESS }));
    asked.await.expect(202);
    let token = app.newest_token(ADDRESS);
    let body = json!({ "token": token, "password": password });
    from_there("/v1/auth/reset-password", body)
        .await
        .expect(204);

    let there = attempt_from(&app, place, ADDRESS, password, None).await;
    there.expect(200);
    let elsewhere = attempt_from(&app, &network(200), ADDRESS, password, None).await;
    elsewhere.expect_problem(429, "sign_ins_held_back");
}

#[tokio::test]
async fn newcomer_who_followed_the_link_signs_in_while_strangers_are_held_back() {
    let app = App::with_limits(few()).await;
    attack(&app).await;
    let place = "192.0.2.77";
    app.register(ADDRESS, PASSWORD).await.expect(202);
    let body = json!({ "token": app.newest_token(ADDRESS), "password": PASSWORD });
    let call = app.api.post("/v1/auth/verify-email").from_address(place);
    call.json(&body).send().await.expect(204);

    let first = attempt_from(&app, place, ADDRESS, PASSWORD, None).await;

    first.expect(200);
}
