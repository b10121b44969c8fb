//! What a network is asked to publish.

use aws_lc_rs::digest;
use bytes::Bytes;
use cloud::objects::ObjectKey;
use domain::delivery::Delivery;
use domain::media::{IMAGE_BYTES_MAX, MediaFacts};
use domain::{MediaId, Result};
use jiff::Timestamp;
use networks::{Attachment, Part, PublishRequest};

use crate::Ctx;
use crate::material::Present;

/// The request without the bytes of its media: enough to recognise the post at the network. `None` where a medium is
/// gone.
pub(crate) fn outline(material: &Present, delivery: &Delivery) -> Option<PublishRequest> {
    let content = &material.content;
    let mut parts = vec![part(material, &content.text, &content.media)?];
    for further in &content.thread {
        parts.push(part(material, &further.text, &further.media)?);
    }
    Some(PublishRequest {
        delivery: delivery.id,
        identity: material.account.identity.clone(),
        due: delivery.due.unwrap_or(Timestamp::UNIX_EPOCH),
        parts,
        options: material.target.options.clone(),
    })
}

/// The same request with the bytes of its media. `None` where they are gone, or are not what they were.
pub(crate) async fn with_bytes(
    ctx: &Ctx,
    material: &Present,
    mut outline: PublishRequest,
) -> Result<Option<PublishRequest>> {
    let content = &material.content;
    let further = content.thread.iter().map(|part| &part.media);
    let media = std::iter::once(&content.media).chain(further);
    for (part, media) in outline.parts.iter_mut().zip(media) {
        for (attachment, id) in part.attachments.iter_mut().zip(media) {
            let Some(bytes) = bytes(ctx, material, *id).await? else {
                return Ok(None);
            };
            attachment.bytes = bytes;
        }
    }
    Ok(Some(outline))
}

fn part(material: &Present, text: &str, media: &[MediaId]) -> Option<Part> {
    let attachments = media
        .iter()
        .map(|id| {
            let medium = material.medium(*id)?;
            let facts = medium.facts()?;
            Some(Attachment {
                bytes: Bytes::new(),
                content_type: facts.content_type.clone(),
                width: facts.width,
                height: facts.height,
                alt_text: medium.alt_text.clone(),
            })
        })
        .collect::<Option<_>>()?;
    Some(Part {
        text: text.to_owned(),
        attachments,
    })
}

async fn bytes(ctx: &Ctx, material: &Present, id: MediaId) -> Result<Option<Bytes>> {
    let Some(medium) = material.medium(id) else {
        return Ok(None);
    };
    let Some(facts) = medium.facts() else {
        return Ok(None);
    };
    let key = ObjectKey::new(medium.tenant, medium.id);
    let stored = ctx.objects.get(key, IMAGE_BYTES_MAX).await?;
    Ok(stored.filter(|bytes| is_probed(bytes, facts)))
}

/// Whether these are the bytes that were probed and that people saw: an upload link lives on for a while after its
/// upload was completed.
fn is_probed(bytes: &[u8], facts: &MediaFacts) -> bool {
    hex::encode(digest::digest(&digest::SHA256, bytes)) == facts.sha256
}
