//! A tenant whose audit log somebody reads or writes while one request waits.

use aws_sdk_dynamodb::Client;
use domain::event::Owner;
use domain::membership::Role;
use store::Table;
use testkit::{TestClock, TestMember, member};

use crate::answers::{Gate, Held, gated};

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) clock: TestClock,
    pub(crate) table: Table,
    pub(crate) member: TestMember,
    /// The same table behind the gate.
    pub(crate) behind: Table,
    pub(crate) gate: Gate,
}

impl World {
    pub(crate) async fn new(held: Held) -> Self {
        let clock = TestClock::at("2026-12-01T09:00:00Z");
        let (client, table, behind, gate) = gated(&clock, held).await;
        let member = member(&table, &clock, Role::Owner).await;
        Self {
            client,
            clock,
            table,
            member,
            behind,
            gate,
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner::Tenant(self.member.tenant)
    }
}
