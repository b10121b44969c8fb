//! Reads volumes as somebody does who downloaded them.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

/// The files of an export by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) manifests: Vec<Value>,
}

impl Bundle {
    /// Reads volumes in their order, and checks all that their manifests say.
    pub(crate) fn of_volumes(volumes: &[Vec<u8>]) -> Self {
        let mut bundle = Self::default();
        let mut previous = Value::Null;
        for (place, volume) in volumes.iter().enumerate() {
            let mut files = entries(volume);
            let number = place + 1;
            let manifest = files.remove(&format!("manifest/{number:06}.json")).unwrap();
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            assert_eq!(manifest["volume"], number);
            assert_eq!(manifest["previous"], previous);
            assert_eq!(manifest["last"], number == volumes.len());
            let named = manifest["entries"].as_array().unwrap();
            assert_eq!(named.len(), files.len());
            for entry in named {
                let file = &files[entry["name"].as_str().unwrap()];
                assert_eq!(entry["bytes"], file.len());
                assert_eq!(entry["sha256"], sha256(file));
            }
            previous = sha256(volume).into();
            bundle.files.extend(files);
            bundle.manifests.push(manifest);
        }
        bundle
    }

    /// All records of this type.
    pub(crate) fn records(&self, kind: &str) -> Vec<Value> {
        let mut records = self.all_records();
        records.retain(|record| record["type"] == kind);
        records
    }

    /// All records, of whatever type.
    pub(crate) fn all_records(&self) -> Vec<Value> {
        let files = self.files.iter();
        files
            .filter(|(name, _)| name.starts_with("records/"))
            .flat_map(|(_, lines)| std::str::from_utf8(lines).unwrap().lines())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let files = self.files.values();
        let texts = files.map(|file| String::from_utf8_lossy(file).into_owned());
        texts.collect::<String>() + &serde_json::to_string(&self.manifests).unwrap()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// The entries of a zip file, by its directory; each must be stored as it is.
fn entries(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let digits = zip[at..at + bytes].iter().rev();
        digits.fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte))
    };
    let end = zip.len() - 22;
    assert_eq!(zip[end..end + 4], *b"PK\x05\x06");
    let mut at = number(end + 16, 4);
    let mut found = BTreeMap::new();
    for _ in 0..number(end + 10, 2) {
        assert_eq!(zip[at..at + 4], *b"PK\x01\x02");
        assert_eq!(number(at + 10, 2), 0, "stored as it is");
        let (size, name) = (number(at + 24, 4), number(at + 28, 2));
        let text = std::str::from_utf8(&zip[at + 46..at + 46 + name]).unwrap();
        let begin = number(at + 42, 4) + 30 + name;
        let content = zip[begin..begin + size].to_vec();
        assert_eq!(
            number(at + 16, 4),
            usize::try_from(crc32fast::hash(&content)).unwrap()
        );
        assert!(found.insert(text.to_owned(), content).is_none());
        at += 46 + name;
    }
    found
}
