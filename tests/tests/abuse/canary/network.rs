//! A network with passwords and tokens, which are secrets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::delivery::RemoteJob;
use domain::network::{ConnectMethod, CredentialField, NetworkId, RepeatRule, Rules};
use jiff::Timestamp;
use networks::{
    CallOutcome, Connected, Consent, ConsentError, ConsentPage, ConsentPages, ConsentRequest,
    Credential, Network, NetworkError, PendingConsent, PollOutcome, Prepared, PublishRequest,
    ReadBack,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::{Behaviour, FakeNetwork, TestClock};

/// The fake network, behind a password or a consent page, and with tokens that are renewed.
#[derive(Debug)]
pub(crate) struct GuardedNetwork {
    inner: FakeNetwork,
    password: Mutex<String>,
    secrets: Mutex<Vec<(&'static str, String)>>,
    /// The codes that are good, and what the fake network knows them by.
    codes: Mutex<BTreeMap<String, String>>,
    ages: AtomicBool,
}

#[derive(Serialize, Deserialize)]
struct Tokens {
    account: String,
    access: String,
    refresh: String,
}

impl GuardedNetwork {
    pub(crate) fn new(clock: &TestClock) -> Arc<Self> {
        Arc::new(Self {
            inner: FakeNetwork::new(clock, RepeatRule::ClientKey),
            password: Mutex::default(),
            secrets: Mutex::default(),
            codes: Mutex::default(),
            ages: AtomicBool::new(false),
        })
    }

    /// The only password that is taken from now on.
    pub(crate) fn takes(&self, password: &str) {
        password.clone_into(&mut self.password.lock().unwrap());
    }

    /// Tokens are to be refreshed before the next call, once.
    pub(crate) fn age(&self) {
        self.ages.store(true, Ordering::SeqCst);
    }

    /// How the next calls are answered.
    pub(crate) fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.inner.script(behaviours);
    }

    /// How many posts readers see.
    pub(crate) fn visible(&self) -> usize {
        self.inner.visible().len()
    }

    /// Agrees, at the page with this address, as the account with this name: what the browser brings back.
    pub(crate) fn agree(&self, authorize_url: &str, name: &str) -> Value {
        let mut brought = FakeNetwork::agree(authorize_url, name);
        let bare = brought["code"].as_str().unwrap().to_owned();
        let code = self.give_out("consent-code");
        self.codes.lock().unwrap().insert(code.clone(), bare);
        brought["code"] = code.into();
        brought
    }

    /// Every secret that it gave out or was told, each after what it is.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, String)> {
        self.secrets.lock().unwrap().clone()
    }

    fn give_out(&self, kind: &'static str) -> String {
        let mut secrets = self.secrets.lock().unwrap();
        let secret = format!("canary-{kind}-{:04}", secrets.len());
        secrets.push((kind, secret.clone()));
        secret
    }

    fn issue(&self, account: &str) -> Credential {
        let tokens = Tokens {
            account: account.to_owned(),
            access: self.give_out("access-token"),
            refresh: self.give_out("refresh-token"),
        };
        Credential::new(serde_json::to_string(&tokens).unwrap())
    }

    /// What the fake network knows an account by.
    fn bare(credential: &Credential) -> Credential {
        let tokens: Tokens = serde_json::from_str(credential.expose()).unwrap();
        Credential::new(tokens.account)
    }

    fn admitted(&self, connected: &Connected) -> Connected {
        Connected {
            identity: connected.identity.clone(),
            credential: self.issue(connected.credential.expose()),
        }
    }
}

#[async_trait]
impl Network for GuardedNetwork {
    fn id(&self) -> NetworkId {
        self.inner.id()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn connect_method(&self) -> ConnectMethod {
        self.inner.connect_method()
    }

    fn credential_fields(&self) -> &'static [CredentialField] {
        const fn field(name: &'static str, secret: bool) -> CredentialField {
            CredentialField {
                name,
                label: name,
                secret,
                optional: false,
                placeholder: "",
            }
        }
        const FIELDS: [CredentialField; 2] =
            [field("identifier", false), field("app_password", true)];
        &FIELDS
    }

    fn rules(&self) -> &Rules {
        self.inner.rules()
    }

    fn check_options(&self, options: &Value) -> Result<(), Vec<domain::FieldError>> {
        self.inner.check_options(options)
    }

    async fn connect(
        &self,
        credentials: &BTreeMap<String, String>,
    ) -> Result<Connected, NetworkError> {
        if credentials["app_password"] != *self.password.lock().unwrap() {
            return Err(NetworkError::Unauthorized {
                message: "wrong name or password".to_owned(),
            });
        }
        let connected = Network::connect(&self.inner, credentials).await?;
        Ok(self.admitted(&connected))
    }

    async fn check(&self, credential: &Credential) -> Result<Connected, NetworkError> {
        let connected = self.inner.check(&Self::bare(credential)).await?;
        Ok(self.admitted(&connected))
    }

    async fn refresh(
        &self,
        credential: &Credential,
        _: Timestamp,
    ) -> Result<Option<Credential>, NetworkError> {
        let is_old = self.ages.swap(false, Ordering::SeqCst);
        Ok(is_old.then(|| self.issue(Self::bare(credential).expose())))
    }

    async fn sign_out(&self, credential: &Credential) -> Result<(), NetworkError> {
        self.inner.sign_out(&Self::bare(credential)).await
    }

    fn consent(&self) -> Option<&dyn ConsentPages> {
        Some(self)
    }

    async fn prepare(
        &self,
        credential: &Credential,
        request: &PublishRequest,
    ) -> Result<Prepared, NetworkError> {
        self.inner.prepare(&Self::bare(credential), request).await
    }

    async fn call(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        prepared: &Prepared,
    ) -> CallOutcome {
        let credential = Self::bare(credential);
        self.inner.call(&credential, request, prepared).await
    }

    async fn poll(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        job: &RemoteJob,
    ) -> PollOutcome {
        self.inner.poll(&Self::bare(credential), request, job).await
    }

    async fn read_back(
        &self,
        credential: &Credential,
        request: &PublishRequest,
        called_at: Timestamp,
    ) -> Result<ReadBack, NetworkError> {
        let credential = Self::bare(credential);
        self.inner.read_back(&credential, request, called_at).await
    }
}

#[async_trait]
impl ConsentPages for GuardedNetwork {
    async fn open(&self, request: ConsentRequest<'_>) -> Result<ConsentPage, NetworkError> {
        let verifier = request.verifier.expose().to_owned();
        self.secrets.lock().unwrap().push(("verifier", verifier));
        self.inner.open(request).await
    }

    async fn connect(
        &self,
        pending: &PendingConsent,
        consent: Consent<'_>,
    ) -> Result<Connected, ConsentError> {
        let known = self.codes.lock().unwrap().remove(consent.code);
        let Some(code) = known else {
            return Err(ConsentError::Network(NetworkError::Unauthorized {
                message: "this code is over".to_owned(),
            }));
        };
        let consent = Consent {
            code: &code,
            issuer: consent.issuer,
        };
        let connected = ConsentPages::connect(&self.inner, pending, consent).await?;
        Ok(self.admitted(&connected))
    }

    fn client_document(&self) -> Option<Value> {
        None
    }
}
