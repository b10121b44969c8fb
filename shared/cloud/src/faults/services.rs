//! The product's services with faults around them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Result, WrappingKey};
use url::Url;

use super::Effects;
use crate::archive::Archive;
use crate::keys::{DataKey, KeyContext, KeyService, PlainKey};
use crate::mail::{Mail, Mailer};
use crate::objects::{ObjectHead, ObjectKey, ObjectStore, SignedUpload, UploadTerms};
use crate::queue::{DeliveryQueue, Outgoing};
use crate::signing::Signer;

/// A service whose every call is an effect of `effects`.
#[derive(Debug)]
pub struct Faulty<S: ?Sized> {
    inner: Arc<S>,
    effects: Effects,
}

impl<S: ?Sized> Faulty<S> {
    /// `inner`, under the plan of `effects`.
    pub fn new(inner: Arc<S>, effects: Effects) -> Self {
        Self { inner, effects }
    }
}

#[async_trait]
impl<S: KeyService + ?Sized> KeyService for Faulty<S> {
    async fn generate_data_key(
        &self,
        under: &WrappingKey,
        context: &KeyContext,
    ) -> Result<DataKey> {
        let call = self.inner.generate_data_key(under, context);
        self.effects.apply("keys.generate_data_key", call).await
    }

    async fn decrypt(
        &self,
        under: &WrappingKey,
        wrapped: &[u8],
        context: &KeyContext,
    ) -> Result<PlainKey> {
        let call = self.inner.decrypt(under, wrapped, context);
        self.effects.apply("keys.decrypt", call).await
    }
}

#[async_trait]
impl<S: DeliveryQueue + ?Sized> DeliveryQueue for Faulty<S> {
    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<()>> {
        let call = self.inner.send(messages);
        match self.effects.guard("queue.send", call).await {
            Ok(results) => results,
            Err(fault) => messages.iter().map(|_| Err(fault.into())).collect(),
        }
    }
}

#[async_trait]
impl<S: ObjectStore + ?Sized> ObjectStore for Faulty<S> {
    async fn presign_upload(&self, key: ObjectKey, terms: &UploadTerms) -> Result<SignedUpload> {
        self.inner.presign_upload(key, terms).await
    }

    async fn presign_read(&self, key: ObjectKey, lifetime: Duration) -> Result<Url> {
        self.inner.presign_read(key, lifetime).await
    }

    async fn head(&self, key: ObjectKey) -> Result<Option<ObjectHead>> {
        self.effects
            .apply("objects.head", self.inner.head(key))
            .await
    }

    async fn get_range(&self, key: ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        let call = self.inner.get_range(key, range);
        self.effects.apply("objects.get_range", call).await
    }

    async fn get(&self, key: ObjectKey, most: u64) -> Result<Option<Bytes>> {
        self.effects
            .apply("objects.get", self.inner.get(key, most))
            .await
    }

    async fn put(&self, key: ObjectKey, content_type: &str, bytes: Bytes) -> Result<()> {
        let call = self.inner.put(key, content_type, bytes);
        self.effects.apply("objects.put", call).await
    }

    async fn delete(&self, key: ObjectKey) -> Result<()> {
        self.effects
            .apply("objects.delete", self.inner.delete(key))
            .await
    }
}

#[async_trait]
impl<S: Mailer + ?Sized> Mailer for Faulty<S> {
    async fn send(&self, mail: &Mail) -> Result<()> {
        self.effects.apply("mail.send", self.inner.send(mail)).await
    }
}

#[async_trait]
impl<S: Archive + ?Sized> Archive for Faulty<S> {
    async fn keep(&self, name: &str, content_type: &str, bytes: Bytes) -> Result<()> {
        let call = self.inner.keep(name, content_type, bytes);
        self.effects.apply("archive.keep", call).await
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        self.effects
            .apply("archive.read", self.inner.read(name))
            .await
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>> {
        self.effects
            .apply("archive.names", self.inner.names(folder))
            .await
    }
}

#[async_trait]
impl<S: Signer + ?Sized> Signer for Faulty<S> {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.effects
            .apply("signer.sign", self.inner.sign(message))
            .await
    }

    async fn public_key(&self) -> Result<Vec<u8>> {
        self.inner.public_key().await
    }
}
