//! A program that uses the API.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AccountId, FamilyId, TenantId, UserId};
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// Somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Caller {
    client: Client,
    base: String,
    /// Access token.
    pub(crate) token: String,
}

/// A tenant with an account at the playground.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    /// The account's name at the playground.
    pub(crate) identifier: String,
}

/// What the access token says.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: UserId,
    pub(crate) tid: Option<TenantId>,
    pub(crate) sid: FamilyId,
}

impl Caller {
    /// Registers and signs in.
    pub(crate) async fn register(base: &str) -> Result<Self> {
        let caller = Self::stranger(base)?;
        let person = json!({ "email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace" });
        caller
            .call("POST", "/v1/auth/register", Some(&person))
            .await?;
        let mails = caller.get(&format!("/local/outbox?to={EMAIL}")).await?;
        let link = mails.pointer("/items/0/links/0").and_then(Value::as_str);
        let token = link.and_then(|link| link.split_once("token="));
        let (_, token) = token.context("no mail with a link")?;
        let verify = json!({ "token": token, "password": PASSWORD });
        caller
            .call("POST", "/v1/auth/verify-email", Some(&verify))
            .await?;
        Self::sign_in(base).await
    }

    /// Signs in, after [`Self::register`].
    pub(crate) async fn sign_in(base: &str) -> Result<Self> {
        let mut caller = Self::stranger(base)?;
        let login = json!({ "email": EMAIL, "password": PASSWORD, "mode": "token" });
        let answer = caller.call("POST", "/v1/auth/login", Some(&login)).await?;
        caller.take_token(&answer)?;
        Ok(caller)
    }

    /// Signs in and forgets it; the status.
    pub(crate) async fn try_sign_in(&self) -> Result<u16> {
        let login = json!({ "email": EMAIL, "password": PASSWORD, "mode": "token" });
        let request = self.request("POST", "/v1/auth/login")?.json(&login);
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok(status)
    }

    /// Somebody who is not signed in.
    pub(crate) fn stranger(base: &str) -> Result<Self> {
        // Refused only when it is there already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self {
            client: Client::builder().pool_max_idle_per_host(0).build()?,
            base: base.to_owned(),
            token: String::new(),
        })
    }

    /// Makes a tenant with an account, and acts there.
    pub(crate) async fn own(&mut self, identifier: &str) -> Result<Owner> {
        let tenant = json!({ "name": identifier, "time_zone": "UTC" });
        let tenant = self.call("POST", "/v1/tenants", Some(&tenant)).await?;
        let tenant = id(&tenant)?.parse()?;
        self.switch(tenant).await?;
        let account =
            json!({ "network": "playground", "credentials": { "identifier": identifier } });
        let account = self.call("POST", "/v1/accounts", Some(&account)).await?;
        Ok(Owner {
            tenant,
            account: id(&account)?.parse()?,
            identifier: identifier.to_owned(),
        })
    }

    /// Acts in this tenant.
    pub(crate) async fn switch(&mut self, tenant: TenantId) -> Result<()> {
        let switch = json!({ "tenant_id": tenant });
        let answer = self.call("POST", "/v1/auth/switch", Some(&switch)).await?;
        self.take_token(&answer)
    }

    /// Who the token says that this is.
    pub(crate) fn claims(&self) -> Result<Claims> {
        let payload = self.token.split('.').nth(1).context("no token")?;
        Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, None).await
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    fn request(&self, method: &str, path: &str) -> Result<RequestBuilder> {
        let method: Method = method.parse()?;
        let request = self.client.request(method, format!("{}{path}", self.base));
        Ok(if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        })
    }

    fn take_token(&mut self, answer: &Value) -> Result<()> {
        let token = answer["access_token"].as_str().context("no access token")?;
        token.clone_into(&mut self.token);
        Ok(())
    }
}

fn id(made: &Value) -> Result<&str> {
    made["id"].as_str().context("no id")
}
