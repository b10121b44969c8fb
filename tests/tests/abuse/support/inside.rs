//! What the tenant's people see while somebody looks in.

use serde_json::Value;

use super::Desk;
use crate::two::join;

#[tokio::test(flavor = "multi_thread")]
async fn id_42_every_member_is_told_while_support_looks_in() {
    let (desk, cookie) = Desk::looking().await;
    let viewer = join(&desk.product, &desk.ada, "grace", "viewer", &desk.tenant).await;
    let told = async |cookie: &str| desk.me(cookie).await["looked_into_until"].clone();

    assert_eq!(told(&desk.ada).await, "2026-12-01T09:58:10Z");
    assert_eq!(told(&viewer).await, "2026-12-01T09:58:10Z");
    // Whoever looks in is told by `support`, and of nobody else.
    assert_eq!(told(&cookie).await, Value::Null);
    desk.leave(&cookie).await;

    assert_eq!(told(&desk.ada).await, Value::Null);
    assert_eq!(told(&viewer).await, Value::Null);
}
