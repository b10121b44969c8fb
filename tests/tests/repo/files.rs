//! Reads files of the repository.

use std::path::{Path, PathBuf};

/// The functions that answer HTTP requests.
pub(crate) const HTTP_FUNCTIONS: [&str; 6] = [
    "accounts",
    "auth",
    "media",
    "members",
    "scheduling",
    "tenants",
];
/// All functions.
pub(crate) const FUNCTIONS: [&str; 10] = [
    "accounts",
    "auth",
    "dispatch",
    "media",
    "members",
    "publishing",
    "scheduling",
    "tenants",
    "transfers",
    "upkeep",
];

/// The file or folder at `path`, from the top of the repository.
pub(crate) fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join(path)
}

/// The text of a file.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files with this ending below a folder, by path.
pub(crate) fn below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![at(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The product's own source text of a crate, without its unit tests.
pub(crate) fn sources(folder: &str) -> String {
    below(&format!("{folder}/src"), ".rs")
        .iter()
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            text.split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn list_of_functions_equals_their_folders() {
    let mut folders: Vec<String> = std::fs::read_dir(at("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();

    assert_eq!(folders, FUNCTIONS);
}
