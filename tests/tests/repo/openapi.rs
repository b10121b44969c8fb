//! The API's document: a reviewed snapshot, from which the dashboard's types are made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use local::{Host, Settings};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::files;

/// Where the snapshot is.
const SNAPSHOT: &str = "web/openapi.json";

/// The snapshot.
pub(crate) fn snapshot() -> Value {
    serde_json::from_str(&files::text(SNAPSHOT)).unwrap()
}

/// The document that the merged routers of all functions describe.
async fn merged() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        port: 0,
        data_dir: folder.path().join("state"),
        web_dir: PathBuf::from("none"),
    };
    let host = Host::open(&settings).await.unwrap();
    let url = format!("http://{}/openapi.json", host.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let read = async {
        let answer = reqwest::get(url).await.unwrap();
        let document = answer.json().await.unwrap();
        stop.send(()).unwrap();
        document
    };
    let stopped = async {
        stopped.await.unwrap();
    };
    let ((), document) = tokio::join!(host.run(stopped), read);
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_snapshot_equals_the_merged_routers() {
    let merged = merged().await;
    #[expect(clippy::disallowed_methods, reason = "how `make openapi` asks for it")]
    let is_update = std::env::var("UPDATE_OPENAPI").is_ok();
    if is_update {
        let text = serde_json::to_string_pretty(&merged).unwrap() + "\n";
        std::fs::write(files::at(SNAPSHOT), text).unwrap();
    }

    assert!(
        snapshot() == merged,
        "{SNAPSHOT} is not what the routes say: run `make openapi` and review the difference"
    );
}

/// The names under which the types of a source file stand in the document.
fn schemas_in(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = source.lines();
    let has_words = source.contains("words! {");
    while let Some(line) = lines.next() {
        // `Name = [` of the macro that makes schemas of words.
        let named = line.trim().split_once(" = [").map(|(name, _)| name);
        let named = named.filter(|name| has_words && *name == word(name));
        found.extend(named.map(str::to_owned));
        if !(line.trim_start().starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut renamed = None;
        let own = lines.by_ref().find_map(|line| {
            if let Some((_, rest)) = line.split_once("schema(as = ") {
                renamed = Some(word(rest));
            }
            let mut words = line.split_whitespace();
            words.find(|word| ["struct", "enum"].contains(word))?;
            words.next().map(word)
        });
        found.extend(renamed.or(own).map(str::to_owned));
    }
    found
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    let is_of_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = text.find(|character| !is_of_word(character));
    &text[..end.unwrap_or(text.len())]
}

/// Of two schemas with one name the document would have the last that was merged, without a word.
#[test]
fn every_schema_of_the_document_is_one_type() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in ["functions", "shared", "infra"] {
        for path in files::below(folder, ".rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for name in schemas_in(&source) {
                places.entry(name).or_default().push(path.clone());
            }
        }
    }
    let document = snapshot();
    let described = document["components"]["schemas"].as_object().unwrap();
    // Lists are one type with a parameter, which is in the name.
    let unknown: Vec<&String> = described
        .keys()
        .filter(|name| !places.contains_key(word(name.split('_').next().unwrap())))
        .collect();
    assert_eq!(
        unknown,
        Vec::<&String>::new(),
        "the search does not find these"
    );
    places.retain(|_, places| places.len() > 1);

    assert_eq!(
        places,
        BTreeMap::new(),
        "call one of each otherwise: `#[schema(as = …)]`"
    );
}

#[test]
fn schemas_are_found_by_the_name_that_the_document_has() {
    let source = "#[derive(Debug, Serialize, ToSchema)]\n#[schema(as = Post)]\npub(crate) struct PostView<T> {\n}\n\
                  #[derive(ToSchema)]\n/// Which.\nenum Mode {\n}\n#[derive(Debug)]\nstruct Other;\n";

    assert_eq!(schemas_in(source), ["Post", "Mode"]);
}
