//! Hashes that were made with weaker parameters than today's.

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use cloud::envelope::{Binding, Purpose, Sealed};
use domain::UserId;
use domain::tenant::ROOT_TENANT;
use store::StoredPassword;

use crate::app::{App, PASSWORD, text};

const OLDER: &str = "m=8192,t=1,p=1";
const TODAYS: &str = "m=19456,t=2,p=1";

/// The parameters of the hash that is stored for a person, and its version.
async fn stored_parameters(app: &App, user: UserId) -> (String, u64) {
    let stored = app.table.system().stored_user(user).await.unwrap().unwrap();
    let version = stored.password.version;
    let binding = Binding::new(ROOT_TENANT, user, Purpose::PasswordHash, version);
    let sealed = Sealed::from_bytes(stored.password.sealed);
    let phc = app.envelope.open(&binding, &sealed).await.unwrap();
    let phc = String::from_utf8(phc.to_vec()).unwrap();
    let parameters = phc.split('$').nth(3).unwrap().to_owned();
    (parameters, version)
}

/// The usual person, whose password was hashed long ago; its version.
async fn hashed_long_ago(app: &App) -> (UserId, u64) {
    let cookie = app.browser().await;
    let me = app.me_by_cookie(&cookie).await.expect(200).body;
    let user: UserId = text(&me["user"], "id").parse().unwrap();
    let (today, version) = stored_parameters(app, user).await;
    assert_eq!(today, TODAYS);
    let weak = Params::new(8 * 1024, 1, 1, None).unwrap();
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, weak)
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap();
    let binding = Binding::new(ROOT_TENANT, user, Purpose::PasswordHash, version + 1);
    let phc = hash.to_string();
    let sealed = app.envelope.seal(&binding, phc.as_bytes()).await.unwrap();
    let old = StoredPassword {
        sealed: sealed.as_bytes().to_vec(),
        version: version + 1,
    };
    let system = app.table.system();
    let is_replaced = system.replace_password_hash(user, version, &old).await;
    assert!(is_replaced.unwrap());
    assert_eq!(stored_parameters(app, user).await.0, OLDER);
    (user, version + 1)
}

#[tokio::test]
async fn id_06_hash_of_older_parameters_is_made_anew_at_the_next_sign_in() {
    let app = App::new().await;
    let (user, version) = hashed_long_ago(&app).await;

    app.login("a wrong password", "token").await.expect(401);
    assert_eq!(stored_parameters(&app, user).await.0, OLDER);
    app.login(PASSWORD, "token").await.expect(200);

    let (after, renewed) = stored_parameters(&app, user).await;
    assert_eq!(after, TODAYS);
    assert!(renewed > version);
    app.login(PASSWORD, "token").await.expect(200);
    assert_eq!(stored_parameters(&app, user).await, (after, renewed));
}

#[tokio::test]
async fn id_06_hash_that_is_made_anew_fails_no_sign_in_of_two_at_once() {
    let app = App::new().await;
    let (user, version) = hashed_long_ago(&app).await;

    let (browser, program) =
        tokio::join!(app.login(PASSWORD, "cookie"), app.login(PASSWORD, "token"));

    browser.expect(200);
    program.expect(200);
    let renewed = (TODAYS.to_owned(), version + 1);
    assert_eq!(stored_parameters(&app, user).await, renewed);
}
