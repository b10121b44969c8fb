//! What is in the table.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Clock as _;
use testkit::TestMember;

use super::World;

impl World {
    /// All that a tenant has but its imports, each with the operation that wrote it last.
    pub(crate) async fn stored(&self, by: &TestMember) -> String {
        let client = Client::from_conf(self.endpoint.clone().build());
        let scan = client.scan().table_name(&self.table.settings().name);
        let items = scan.into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        let mut texts: Vec<String> = items
            .iter()
            .map(|item| ["PK", "SK", "op"].map(|name| format!("{:?}", item.get(name))))
            .map(|parts| parts.join(" "))
            .filter(|item| item.contains(&by.tenant.to_string()) && !item.contains("IMP#"))
            .collect();
        texts.sort();
        texts.join("\n")
    }

    /// Newer code has stored something else that waits, longer than everything.
    pub(crate) async fn store_newer_kind(&self, by: &TestMember) {
        let client = Client::from_conf(self.endpoint.clone().build());
        let mut put = client.put_item().table_name(&self.table.settings().name);
        for (name, text) in [
            ("PK", format!("T#{}#EXP", by.tenant)),
            ("SK", "NEW#1".to_owned()),
            ("att_shard", "T#000".to_owned()),
            ("att_at", "0".to_owned()),
            ("kind", "newer".to_owned()),
            ("ten", by.tenant.to_string()),
        ] {
            put = put.item(name, AttributeValue::S(text));
        }
        put.send().await.unwrap();
    }

    pub(crate) async fn usage(&self, by: &TestMember) -> (u64, u64) {
        let usage = self.table.tenant(&by.scope).usage(self.clock.now()).await;
        let usage = usage.unwrap();
        (usage.month.posts, usage.media_bytes)
    }
}
