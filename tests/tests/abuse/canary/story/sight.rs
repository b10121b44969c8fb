//! Time that passes, and what everybody could see of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use publishing::Incoming;
use testkit::Answer;
use tests::product::Product;

use super::Story;
use crate::canary::watch::{MeantFor, Place};

/// After so many tries the queue gives a message up.
const TRIES: usize = 3;

impl Story {
    pub(super) async fn see(&mut self, call: &str, answer: &Answer) {
        // No answer is meant to have these, not even that of the call that made them.
        self.learn_of_the_network();
        self.watch.see_answer(call, answer);
        self.look().await;
    }

    fn learn_of_the_network(&mut self) {
        for (kind, secret) in self.network.secrets() {
            self.watch.learn(kind, secret, MeantFor::ItsMaker);
        }
    }

    /// Lets time pass, with the timers and the queue.
    pub(super) async fn minutes(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.product.clock.advance(SignedDuration::from_mins(1));
            for shard in 0..self.product.table.system().shards() {
                dispatch::backlog(&self.product.dispatch, shard)
                    .await
                    .unwrap();
            }
            self.look().await;
            self.deliver().await;
        }
        self.look().await;
    }

    async fn deliver(&mut self) {
        let queue = Arc::clone(&self.product.queue);
        let messages = queue.receive(10);
        let incoming = messages.iter().map(|message| Incoming {
            id: message.id.to_string(),
            body: message.body.clone(),
        });
        let failed = publishing::handle(&self.publishing, incoming.collect()).await;
        for message in messages {
            let tries = self.received.entry(message.id).or_default();
            *tries += 1;
            let is_done = !failed.contains(&message.id.to_string());
            if !is_done && *tries >= TRIES {
                self.watch.see(Place::DeadLetters, "message", &message.body);
            }
            if is_done || *tries >= TRIES {
                queue.acknowledge(message.id);
            }
        }
    }

    /// Looks at everything that is kept, and learns what it may not hold.
    pub(super) async fn look(&mut self) {
        for key in self.product.keys.made() {
            self.watch
                .learn("key of a tenant", key.expose(), MeantFor::ItsMaker);
        }
        self.learn_of_the_network();
        for mail in self.product.mailbox.all() {
            for token in tokens(&mail.text) {
                let reader = MeantFor::Mails(mail.to.clone());
                self.watch.learn("link", token, reader);
            }
            for text in [mail.subject, mail.text, mail.html] {
                self.watch.see(Place::Mails, &mail.to, text);
            }
        }
        for item in self.items().await {
            let name = format!("{} {}", text(&item["PK"]), text(&item["SK"]));
            for (attribute, value) in &item {
                let shown = format!("{attribute} = {}", text(value));
                self.watch.see(Place::Table, &name, shown);
            }
        }
        for (key, kind, bytes) in self.product.objects.all() {
            self.watch.see(Place::Objects, "type", kind);
            self.watch
                .see_bytes(Place::Objects, &key.to_string(), &bytes);
        }
        for (name, bytes) in self.product.archive.kept() {
            self.watch.see_bytes(Place::Archive, &name, &bytes);
        }
        for message in self.product.queue.messages() {
            self.watch.see(Place::Queue, "message", message.body);
        }
    }

    async fn items(&self) -> Vec<BTreeMap<String, AttributeValue>> {
        let Product { client, table, .. } = &self.product;
        let scan = client.scan().table_name(&table.settings().name);
        let items = scan.into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        items
            .into_iter()
            .map(|item| item.into_iter().collect())
            .collect()
    }
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
        AttributeValue::B(bytes) => hex::encode(bytes),
        other => format!("{other:?}"),
    }
}

/// What links in a mail have after `token=`.
pub(super) fn tokens(mail: &str) -> Vec<&str> {
    let links = mail.split("token=").skip(1);
    links
        .filter_map(|rest| rest.split_whitespace().next())
        .collect()
}
