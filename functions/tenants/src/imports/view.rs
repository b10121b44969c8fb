//! How callers see an import.

use std::collections::BTreeMap;

use cloud::objects::SignedUpload;
use domain::import::{Import, ImportState, Problem};
use domain::{ImportId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::exports::view::CountsView;

/// The files of another workspace's export, on their way into this one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportView {
    #[schema(value_type = String, example = "imp_01jd8mz0000000000000000000")]
    id: ImportId,
    /// `uploading`; `checking`, which makes nothing; `checked`; `importing`; `done`; or `failed`, with `fault`.
    #[schema(value_type = String, example = "checked")]
    state: ImportState,
    /// Who asked for it.
    #[schema(value_type = String)]
    requested_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// Until when it is shown. The files are deleted a day after they were uploaded.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// How many files it has.
    volumes: usize,
    /// How many of them were read.
    volumes_read: u32,
    /// What would be made, or was made, of what was read.
    counts: CountsView,
    /// How many of its posts were planned: they are drafts here, and their time must be given anew.
    unscheduled_posts: u64,
    /// The first records that are not taken.
    problems: Vec<ProblemView>,
    /// How many more there are.
    more_problems: u64,
    /// Why it could not go on: see `docs/errors.md`. While it is `checked`, why it would not: `plan_limit`.
    fault: Option<String>,
}

/// A record that is not taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportProblem)]
struct ProblemView {
    /// The file's number, from 1.
    volume: u32,
    /// The record's line in the file's records, from 1.
    line: u32,
    /// Why, for programs.
    #[schema(example = "name_taken")]
    code: String,
}

/// An import and where its files are uploaded to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestedImport {
    #[serde(flatten)]
    pub(crate) import: ImportView,
    /// One for each file, in their order.
    pub(crate) uploads: Vec<VolumeUpload>,
}

/// How to upload one file: one request with this method, address and headers, and the file as its body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeUpload {
    /// The method.
    #[schema(example = "PUT")]
    method: &'static str,
    /// The signed address; it works for an hour.
    url: String,
    /// Headers that must be sent as they are.
    headers: BTreeMap<String, String>,
}

/// All imports that are still shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportList {
    pub(crate) items: Vec<ImportView>,
    /// Always `null`: there are few.
    pub(crate) next: Option<String>,
}

impl From<Import> for ImportView {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            state: import.state,
            requested_by: import.requested_by,
            requested_at: import.requested_at,
            expires_at: import.expires_at(),
            volumes: import.volumes.len(),
            volumes_read: import.place.volume,
            counts: import.counts.into(),
            unscheduled_posts: import.unscheduled_posts,
            problems: import.problems.into_iter().map(ProblemView::from).collect(),
            more_problems: import.more_problems,
            fault: import.fault,
        }
    }
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        let Problem { volume, line, code } = problem;
        Self { volume, line, code }
    }
}

impl From<SignedUpload> for VolumeUpload {
    fn from(upload: SignedUpload) -> Self {
        Self {
            method: upload.method,
            url: upload.url.into(),
            headers: upload.headers,
        }
    }
}
