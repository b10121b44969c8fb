//! A story in which every kind of secret is made, used, mistyped, replaced and ended, and after each step of which all
//! places are looked at.

mod acts;
mod consent;
mod export;
mod identity;
mod posts;
mod sight;
mod workspace;

use std::collections::HashMap;
use std::sync::Arc;

use cloud::objects::ObjectKey;
use networks::Registry;
use serde_json::Value;
use testkit::Answer;
use tests::phone::Phone;
use tests::product::Product;

use super::network::GuardedNetwork;
use super::watch::{Log, Place, Watch};

const ADA: &str = "ada@example.com";
const COUNTESS: &str = "countess@example.com";
const BOB: &str = "bob@example.com";

/// Who acts, and what everybody could see of it.
#[derive(Debug)]
pub(crate) struct Story {
    product: Product,
    network: Arc<GuardedNetwork>,
    publishing: publishing::Ctx,
    log: Log,
    watch: Watch,
    cookie: String,
    tenant: String,
    accounts: Vec<String>,
    phone: Option<Phone>,
    recovery_codes: Vec<String>,
    password: &'static str,
    received: HashMap<usize, usize>,
}

impl Story {
    pub(crate) async fn new() -> Self {
        let log = Log::of_this_process();
        let mut network = None;
        let product = Product::with_networks(|clock| {
            let guarded = GuardedNetwork::new(clock);
            network = Some(Arc::clone(&guarded));
            Registry::new(vec![guarded])
        })
        .await;
        Self {
            publishing: publishing::Ctx {
                clock: Arc::new(product.clock.eager()),
                ..product.publishing.clone()
            },
            network: network.unwrap(),
            product,
            log,
            watch: Watch::default(),
            cookie: String::new(),
            tenant: String::new(),
            accounts: Vec::new(),
            phone: None,
            recovery_codes: Vec::new(),
            password: "",
            received: HashMap::new(),
        }
    }

    /// Plays everything.
    pub(crate) async fn play(&mut self) {
        self.product_has_keys().await;
        self.ada_registers().await;
        self.ada_signs_in().await;
        self.program_renews_its_tokens().await;
        self.ada_guards_her_account().await;
        self.ada_changes_her_password().await;
        self.ada_forgets_her_password().await;
        self.ada_lets_a_browser_in().await;
        self.ada_makes_api_keys().await;
        self.ada_connects_accounts().await;
        self.ada_agrees_at_consent_pages().await;
        self.posts_go_out().await;
        self.keys_cannot_be_had().await;
        self.messages_fail().await;
        self.bob_is_invited().await;
        self.secrets_stand_where_they_do_not_belong().await;
        self.ada_moves_to_another_address().await;
        self.ada_looks_at_everything().await;
        self.ada_takes_everything_with_her().await;
        self.ada_deletes_her_workspace().await;
    }

    /// Everything that was seen, at the end.
    pub(crate) async fn end(mut self) -> Watch {
        self.look().await;
        for line in self.log.lines() {
            let fields: Value = serde_json::from_str(&line).unwrap();
            let name = fields["target"].as_str().unwrap_or("line");
            self.watch.see(Place::Log, name, line);
        }
        self.watch
    }
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

/// What an address of the store leads to.
fn object_key(address: &Value) -> ObjectKey {
    let (_, key) = address.as_str().unwrap().split_once(".test/").unwrap();
    key.parse().unwrap()
}
