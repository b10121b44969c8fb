//! Calls of a function's routes without a network, by whoever the test says.

mod call;
mod credentials;
mod members;
mod people;

use std::sync::Arc;

use api::{ApiLimits, Gate};
use domain::Clock;
use store::{RequestRate, Table};
use url::Url;

pub use self::call::{Answer, Call, TestApi};
pub use self::credentials::{another_session, api_key, guarded, reproved, session, sessions};
pub use self::members::{
    TestMember, account_group, colleague, custom_role, member, member_of, tenant,
};
pub use self::people::register;

use crate::clock::{FixedRandom, TestClock};
use crate::services;

/// Where the product is reached in tests.
pub const PUBLIC_URL: &str = "http://127.0.0.1:8080/";

/// More requests than any test sends while its clock stands still.
pub const GENEROUS: ApiLimits = ApiLimits {
    tenant: ENOUGH,
    address: ENOUGH,
    key: ENOUGH,
};

const ENOUGH: RequestRate = RequestRate {
    per_second: 1_000_000,
    burst: 1_000_000,
};

/// A gate for [`PUBLIC_URL`], with keys in the table.
pub async fn gate(table: &Table, clock: &TestClock) -> Gate {
    let envelope = services::envelope(table, clock);
    gate_with(table, clock, &envelope).await
}

/// The same, with signing keys that `envelope` opens.
pub async fn gate_with(
    table: &Table,
    clock: &TestClock,
    envelope: &cloud::envelope::Envelope,
) -> Gate {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let random: Arc<dyn domain::Random> = Arc::new(FixedRandom::new(17));
    api::bootstrap(table, envelope, &shared, &random)
        .await
        .expect("the keys are made");
    Gate::with_limits(table.clone(), shared, &public_url(), GENEROUS)
}

/// [`PUBLIC_URL`] as a URL.
pub fn public_url() -> Url {
    PUBLIC_URL.parse().expect("a URL")
}
