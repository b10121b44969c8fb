//! The content of posts: one item per revision, never changed, so that a worker reads exactly what it claimed.

use domain::post::{Body, Content, TargetContent};
use domain::{PostId, Result, TenantId};
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Write};
use crate::item::{Item, encode};
use crate::key::Key;
use crate::scope::{TenantScope, TenantTable};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BodyItem {
    ten: TenantId,
    post: PostId,
    rev: u32,
    base: Content,
    targets: Vec<TargetContent>,
}

impl BodyItem {
    pub(super) fn new(tenant: TenantId, post: PostId, body: &Body) -> Self {
        let Body {
            revision,
            base,
            targets,
        } = body.clone();
        Self {
            ten: tenant,
            post,
            rev: revision,
            base,
            targets,
        }
    }

    /// The write that stores a new revision.
    pub(super) fn creation_write(&self) -> Result<Write> {
        Ok(Write::put(self.key(), encode(self)?).when(Condition::item_absent()))
    }
}

impl Item for BodyItem {
    const TYPE: &'static str = "body";

    fn key(&self) -> Key {
        Key::body(&TenantScope::of_own_item(self.ten), self.post, self.rev)
    }
}

impl From<BodyItem> for Body {
    fn from(item: BodyItem) -> Self {
        let BodyItem {
            ten: _,
            post: _,
            rev,
            base,
            targets,
        } = item;
        Self {
            revision: rev,
            base,
            targets,
        }
    }
}

impl TenantTable<'_> {
    /// One revision of a post's content.
    pub async fn body(&self, post: PostId, revision: u32) -> Result<Option<Body>> {
        let key = Key::body(&self.scope, post, revision);
        Ok(self.table.get::<BodyItem>(&key).await?.map(Body::from))
    }
}
