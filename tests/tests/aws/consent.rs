//! An account that is connected by the consent page of its own server, which asks the deployment for its document.

use serde_json::json;
use tests::caller::Caller;

use crate::deployment::Deployment;

pub(crate) async fn connect(deployment: &Deployment, ada: &Caller) {
    let pds = deployment.pds();
    let remote = pds.create_account("consenter").await;
    let wanted = json!({
        "network": "bluesky",
        "handle": remote.handle,
        "server": pds.own_address(),
    });
    let path = "/v1/accounts/authorizations";
    let opened = ada.post(path, &wanted).await.expect(201).body;
    let page = opened["authorize_url"].as_str().unwrap();
    let brought = pds.agree(page, &remote).await;
    let path = format!("{path}/complete");
    let connected = ada.post(&path, &brought).await.expect(201).body;
    assert_eq!(connected["remote_id"], remote.did);
}
