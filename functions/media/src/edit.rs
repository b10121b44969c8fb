//! Describing a medium.

use api::permission::WriteMedia;
use api::{Can, IfMatch, Json, Path, etag};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::{Error, FieldError, MediaId};
use serde::{Deserialize, Deserializer};
use store::MediaEdit;
use utoipa::ToSchema;

use crate::Ctx;
use crate::media_view::MediaView;
use crate::text::{check_alt_text, check_file_name};

/// Rounds in which an edit without a version is tried again after somebody else's.
const ROUNDS: u32 = 5;

/// What to change; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditMedia {
    /// Another name.
    #[serde(default, deserialize_with = "not_null")]
    file_name: Option<String>,
    /// Another alternative text; empty takes it away.
    #[serde(default, deserialize_with = "not_null")]
    alt_text: Option<String>,
}

/// Changes the name or the alternative text. With `If-Match`, only if nobody else did since.
#[utoipa::path(
    patch,
    path = "/v1/media/{id}",
    tag = "media",
    params(
        ("id" = String, Path, description = "The medium"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body = EditMedia,
    responses((status = OK, description = "The medium as it is now", body = MediaView))
)]
pub(crate) async fn edit_media(
    State(ctx): State<Ctx>,
    caller: Can<WriteMedia>,
    Path(id): Path<MediaId>,
    if_match: IfMatch,
    Json(body): Json<EditMedia>,
) -> api::Result<impl IntoResponse> {
    let edit = MediaEdit::try_from(body)?;
    for _ in 0..ROUNDS {
        let found = ctx.live_media(&caller, id).await?;
        if_match.check(found.version)?;
        let is_same = edit
            .file_name
            .as_ref()
            .is_none_or(|name| *name == found.media.file_name)
            && edit
                .alt_text
                .as_ref()
                .is_none_or(|alt| *alt == found.media.alt_text);
        let edited = if is_same {
            Ok(found)
        } else {
            let act = ctx.act(&caller);
            ctx.media(&caller).edit_media(&found, &edit, &act).await
        };
        match edited {
            Err(Error::StaleVersion) => {}
            edited => {
                let edited = edited?;
                let view = MediaView::of(edited.media, Some(&*ctx.objects)).await?;
                return Ok((etag(edited.version), Json(view)));
            }
        }
    }
    Err(Error::StaleVersion.into())
}

impl TryFrom<EditMedia> for MediaEdit {
    type Error = Error;

    fn try_from(body: EditMedia) -> Result<Self, Error> {
        let EditMedia {
            file_name,
            alt_text,
        } = body;
        let errors: Vec<FieldError> = [
            file_name.as_deref().and_then(check_file_name),
            alt_text.as_deref().and_then(check_alt_text),
        ]
        .into_iter()
        .flatten()
        .collect();
        if errors.is_empty() {
            Ok(Self {
                file_name,
                alt_text,
            })
        } else {
            Err(Error::Invalid(errors))
        }
    }
}

/// Left out is one thing, `null` another.
fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}
