use domain::membership::Role;

use crate::app::App;

#[tokio::test]
async fn networks_name_the_fields_of_their_form() {
    let app = App::start().await;
    let viewer = testkit::member(&app.table, &app.clock, Role::Viewer).await;

    let answer = app.api.get("/v1/networks").by(&viewer).send().await;

    let network = &answer.expect(200).body["items"][0];
    assert_eq!(network["id"], "door");
    assert_eq!(network["connect"], "credentials");
    assert_eq!(network["rules"]["text"]["graphemes_max"], 300);
    let fields = network["credential_fields"].as_array().unwrap();
    let secret: Vec<_> = fields
        .iter()
        .filter(|field| field["secret"] == true)
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(secret, ["app_password"]);
}

#[tokio::test]
async fn networks_without_a_credential_are_refused() {
    let app = App::start().await;

    let answer = app.api.get("/v1/networks").send().await;

    answer.expect_problem(401, "unauthenticated");
}
