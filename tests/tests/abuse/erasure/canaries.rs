//! Texts that are nowhere else: one in every place where somebody can write or is given something.

use cloud::objects::ObjectKey;
use http::Method;
use serde_json::{Value, json};
use testkit::FakeNetwork;

use super::OFFICE;
use crate::canary::watch::{MeantFor, Place, Watch};
use crate::fixture::Person;
use crate::ids;
use crate::world::World;

/// What is written, by where.
const WRITTEN: [(&str, &str); 16] = [
    ("name of the tenant", "Kanarienvogel-Mandant"),
    ("note of a range of addresses", "Kanarienvogel-Kontor"),
    ("alternative text", "Kanarienvogel-Bildtext"),
    ("name of a file", "kanarienvogel-datei.png"),
    ("bytes of a medium", "Kanarienvogel-Bildpunkte"),
    ("bytes of an import", "Kanarienvogel-Eingang"),
    ("text of a post", "Kanarienvogel-Beitrag"),
    ("text of its thread", "Kanarienvogel-Faden"),
    ("text of a target", "Kanarienvogel-Abweichung"),
    ("option of a target", "Kanarienvogel-Einstellung"),
    ("default option of a network", "Kanarienvogel-Vorgabe"),
    ("tag", "Kanarienvogel-Etikett"),
    ("handle of an account", "kanarienvogel-konto"),
    ("name of a role", "Kanarienvogel-Rolle"),
    ("name of a group", "Kanarienvogel-Gruppe"),
    ("address of a guest", "kanarienvogel-gast@example.com"),
];

/// How many are written.
pub(super) const COUNT: usize = WRITTEN.len();

fn written(place: &str) -> &'static str {
    let found = WRITTEN.iter().find(|(name, _)| *name == place);
    found.unwrap().1
}

impl World {
    async fn make(&self, path: &str, body: &Value) -> Value {
        let made = self.act(Method::POST, path, &self.ada.cookie, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.body);
        made.body
    }

    async fn change(&self, path: &str, body: &Value) {
        let changed = self.act(Method::PATCH, path, &self.ada.cookie, body).await;
        changed.expect(200);
    }

    /// Ada writes a canary wherever one fits; what knows each of them, and each secret that she was given.
    pub(super) async fn release_canaries(&self) -> Watch {
        let Person { tenant, ids, .. } = &self.ada;
        let own = |kind: &str| ids.iter().find(|id| ids::prefix(id) == kind).unwrap();
        let mut watch = Watch::default();
        for (name, canary) in WRITTEN {
            watch.learn(name, canary, MeantFor::ItsMaker);
        }
        let name = json!({ "name": written("name of the tenant") });
        self.change(&format!("/v1/tenants/{tenant}"), &name).await;
        let note = written("note of a range of addresses");
        let noted = json!({ "allowed_addresses": [{ "range": OFFICE, "note": note }] });
        self.change(&format!("/v1/tenants/{tenant}/security"), &noted)
            .await;
        let options = json!({ "note": written("default option of a network") });
        let defaults = json!({ "network": FakeNetwork::ID, "options": options });
        self.change("/v1/networks/defaults", &defaults).await;
        let alt_text = json!({ "alt_text": written("alternative text") });
        self.change(&format!("/v1/media/{}", own("med")), &alt_text)
            .await;
        let announced = json!({
            "file_name": written("name of a file"), "content_type": "image/png", "bytes": 70,
        });
        self.make("/v1/media", &announced).await;
        let key = ObjectKey::new(tenant.parse().unwrap(), own("med").parse().unwrap());
        let bytes = written("bytes of a medium").as_bytes();
        self.product.objects.upload(key, "image/png", bytes);
        let named = json!({ "identifier": written("handle of an account") });
        let account = json!({ "network": FakeNetwork::ID, "credentials": named });
        let account = self.make("/v1/accounts", &account).await;
        self.write_posts(&account["id"]).await;
        let role = json!({ "name": written("name of a role"), "permissions": ["read_posts"] });
        self.make("/v1/roles", &role).await;
        let group = json!({ "name": written("name of a group"), "account_ids": [account["id"]] });
        self.make("/v1/account-groups", &group).await;
        let guest = written("address of a guest");
        let invitation = json!({ "email": guest, "role": "viewer" });
        self.make("/v1/invitations", &invitation).await;
        let mails = self.product.mailbox.to(guest);
        let (_, token) = mails.last().unwrap().text.split_once("token=").unwrap();
        let token = token.split_whitespace().next().unwrap();
        watch.learn("link of an invitation", token, MeantFor::ItsMaker);
        let key = json!({ "name": "Newsroom", "scopes": ["read_posts"] });
        let key = self.make("/v1/api-keys", &key).await;
        let secret = key["secret"].as_str().unwrap();
        watch.learn("secret of a key", secret, MeantFor::ItsMaker);
        watch
    }

    async fn write_posts(&self, account: &Value) {
        let post = json!({
            "when": { "draft": true },
            "base": {
                "text": written("text of a post"),
                "thread": [{ "text": written("text of its thread") }],
            },
            "tags": [written("tag")],
            "targets": [{
                "account_id": account,
                "override": { "text": written("text of a target") },
                "options": { "note": written("option of a target") },
            }],
        });
        self.make("/v1/posts", &post).await;
        // One that only the audit log still knows of.
        let removed = self.make("/v1/posts", &post).await;
        let path = format!("/v1/posts/{}", removed["id"].as_str().unwrap());
        let cookie = &self.ada.cookie;
        let gone = self.act(Method::DELETE, &path, cookie, &Value::Null).await;
        gone.expect(204);
    }

    /// Everything of it is packed, and something that was packed elsewhere waits to be read.
    pub(super) async fn pack_canaries(&self) {
        self.make("/v1/exports", &json!({})).await;
        let run = transfers::run(&self.product.transfers).await.unwrap();
        assert!(run.steps > 0 && run.failed == 0, "{run:?}");
        let Person { tenant, ids, .. } = &self.ada;
        let import = ids.iter().find(|id| ids::prefix(id) == "imp").unwrap();
        let key = ObjectKey::import_upload(tenant.parse().unwrap(), import.parse().unwrap(), 1);
        let bytes = written("bytes of an import").as_bytes();
        self.product.objects.upload(key, "application/zip", bytes);
    }

    /// Looks at every attribute of every item, every byte that is kept, and every message.
    pub(super) async fn look(&self, watch: &mut Watch) {
        for (name, item) in self.stored().await.shown() {
            watch.see(Place::Table, &name, item);
        }
        for (key, kind, bytes) in self.product.objects.all() {
            watch.see(Place::Objects, "type", kind);
            watch.see_bytes(Place::Objects, &key.to_string(), &bytes);
        }
        for (name, bytes) in self.product.archive.kept() {
            watch.see_bytes(Place::Archive, &name, &bytes);
        }
        for message in self.product.queue.messages() {
            watch.see(Place::Queue, "message", message.body);
        }
    }
}

/// The places in which each canary was seen.
pub(super) fn seen_in(watch: &Watch, place: Place) -> Vec<&'static str> {
    let sightings = watch.sightings();
    let begins = |name: &str| {
        let begin = format!("{name} in {place:?}: ");
        sightings.iter().any(|seen| seen.starts_with(&begin))
    };
    let names = WRITTEN.iter().map(|(name, _)| *name);
    names.filter(|name| begins(name)).collect()
}
