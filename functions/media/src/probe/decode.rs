//! Decoding to the end, within limits: the only proof that an image is sound.

use std::io::Cursor;

use domain::media::{IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, ImageType};
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, ImageDecoder, ImageError, Limits};

use super::refusal::Refusal;

/// Memory for one decoded image: 50 megapixels of four bytes, and room for a decoder's own.
const DECODED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most frames of an animation.
const FRAMES_MAX: u32 = 1_000;
/// Most pixels of all frames together: some seconds of work.
const FRAME_PIXELS_MAX: u64 = 500_000_000;

/// The size of an image as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Decodes an image to its end.
pub(super) fn decode(bytes: &[u8], kind: ImageType) -> Result<Shown, Refusal> {
    let reader = Cursor::new(bytes);
    match kind {
        ImageType::Jpeg => still(JpegDecoder::new(reader).map_err(corrupt)?),
        ImageType::Png => {
            let decoder = PngDecoder::with_limits(reader, limits()).map_err(corrupt)?;
            still(decoder)
        }
        ImageType::Webp => {
            let decoder = WebPDecoder::new(reader).map_err(corrupt)?;
            if decoder.has_animation() {
                animation(decoder)
            } else {
                still(decoder)
            }
        }
        ImageType::Gif => animation(GifDecoder::new(reader).map_err(corrupt)?),
    }
}

fn still(mut decoder: impl ImageDecoder) -> Result<Shown, Refusal> {
    let (width, height) = checked_size(&decoder)?;
    let needed = decoder.total_bytes();
    if needed > DECODED_BYTES_MAX {
        return Err(Refusal::TooDeep { bytes: needed });
    }
    decoder.set_limits(limits()).map_err(corrupt)?;
    // An unreadable orientation is none: viewers treat it so too.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut pixels = vec![0; usize::try_from(needed).unwrap_or(usize::MAX)];
    decoder.read_image(&mut pixels).map_err(corrupt)?;
    Ok(shown(width, height, orientation))
}

fn animation<'a>(mut decoder: impl ImageDecoder + AnimationDecoder<'a>) -> Result<Shown, Refusal> {
    let (width, height) = checked_size(&decoder)?;
    decoder.set_limits(limits()).map_err(corrupt)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = u64::from(width) * u64::from(height);
    let most = FRAME_PIXELS_MAX
        .checked_div(pixels)
        .and_then(|frames| u32::try_from(frames).ok())
        .unwrap_or(FRAMES_MAX)
        .clamp(1, FRAMES_MAX);
    let mut frames = 0;
    for frame in decoder.into_frames() {
        frame.map_err(corrupt)?;
        frames += 1;
        if frames > most {
            return Err(Refusal::TooManyFrames { most });
        }
    }
    if frames == 0 {
        return Err(Refusal::Corrupt {
            reason: "there is no frame in it".to_owned(),
        });
    }
    Ok(shown(width, height, orientation))
}

fn checked_size(decoder: &impl ImageDecoder) -> Result<(u32, u32), Refusal> {
    let (width, height) = decoder.dimensions();
    let fits = width.max(height) <= IMAGE_SIDE_MAX
        && u64::from(width) * u64::from(height) <= IMAGE_PIXELS_MAX;
    if fits {
        Ok((width, height))
    } else {
        Err(Refusal::TooLarge { width, height })
    }
}

fn shown(width: u32, height: u32, orientation: Orientation) -> Shown {
    match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => Shown { width, height },
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => Shown {
            width: height,
            height: width,
        },
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    limits
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn corrupt(error: ImageError) -> Refusal {
    Refusal::Corrupt {
        reason: error.to_string(),
    }
}
