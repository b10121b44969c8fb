//! Spellings of paths and methods that pretend to be something else: F-35.

use http::Method;
use serde_json::json;

use crate::ids;
use crate::world::{Request, World, listed};

/// Other spellings of a path that has one spelling.
const SPELLINGS: [&str; 24] = [
    "//v1/posts",
    "///v1/posts",
    "/v1//posts",
    "/v1/posts/",
    "/v1/posts//",
    "/api/v1/posts",
    "//api/v1/posts",
    "/V1/posts",
    "/v1/Posts",
    "/v1/POSTS",
    "/v1/posts.",
    "/v1/posts..",
    "/v1/posts/.",
    "/v1/posts.json",
    "/v1/posts;id=1",
    "/v1/posts%2f",
    "/v1%2fposts",
    "/v1/posts%20",
    "/v1/posts%00",
    "/v1/%70osts",
    "/v1/media/../posts",
    "/v1/./posts",
    "/v1/media/%2e%2e/posts",
    "/v1/posts/%2E%2e/posts",
];

#[tokio::test(flavor = "multi_thread")]
async fn f_35_path_has_one_spelling() {
    let world = World::new().await;
    for path in SPELLINGS {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = Request {
                method: method.clone(),
                path: path.to_owned(),
                body: None,
            };
            let seen = world.call(Some(&world.ada.cookie), &request).await;

            let is_refused = seen.status == 404 || seen.status == 405;
            assert!(is_refused, "{method} {path}: {} {}", seen.status, seen.body);
            let is_noted = |change: &crate::stored::Change| change.is_denial_in(&world.ada.tenant);
            assert!(
                seen.changes.iter().all(is_noted),
                "{}",
                listed(&seen.changes)
            );
        }
    }
}

/// The method is the one of the request line: no header, parameter or member of a body makes another one of it.
#[tokio::test(flavor = "multi_thread")]
async fn f_35_request_does_what_its_own_method_does() {
    let world = World::new().await;
    let post = world.ada.ids.iter().find(|id| ids::prefix(id) == "post");
    let post = format!("/v1/posts/{}", post.unwrap());
    let read = async || {
        let call = world.product.api.get(&post).cookie(&world.ada.cookie);
        call.send().await
    };
    let honest = read().await.expect(200).body;

    for (name, value) in [
        ("x-http-method", "DELETE"),
        ("x-http-method-override", "DELETE"),
        ("x-method-override", "delete"),
        ("x-http-method-override", "PATCH"),
        ("_method", "DELETE"),
    ] {
        let call = world.product.api.get(&post).cookie(&world.ada.cookie);
        let seen = call
            .header("if-match", "*")
            .header(name, value)
            .send()
            .await;
        assert_eq!((seen.status.as_u16(), &seen.body), (200, &honest), "{name}");
        let call = world.product.api.post(&post).cookie(&world.ada.cookie);
        let seen = call
            .header("if-match", "*")
            .header(name, value)
            .send()
            .await;
        seen.expect(405);
        assert_eq!(world.undo().await.len(), 0, "{name}");
    }
    for path in [
        format!("{post}?_method=DELETE"),
        format!("{post}?method=DELETE"),
    ] {
        let call = world.product.api.post(&path).cookie(&world.ada.cookie);
        let body = json!({ "_method": "DELETE" });
        call.json(&body).send().await.expect(405);
        let call = world.product.api.get(&path).cookie(&world.ada.cookie);
        let seen = call.send().await;
        assert!(
            seen.status == 200 || seen.status == 422,
            "{path}: {}",
            seen.status
        );
    }
    for method in ["delete", "Delete", "TRACE", "CONNECT", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = world.product.api.call(method.clone(), &post);
        let seen = call
            .cookie(&world.ada.cookie)
            .header("if-match", "*")
            .send()
            .await;
        assert_eq!(seen.status, 405, "{method}");
    }

    assert_eq!(read().await.expect(200).body, honest);
}
