//! Decoding to the end, within limits: the only proof that an image is sound.

use std::io::Cursor;

use domain::media::{IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, ImageType};
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::metadata::Orientation;
use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageResult, Limits,
};

use super::refusal::Refusal;

/// Memory for one decoded image: 50 megapixels of four bytes, and room for a decoder's own.
const DECODED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The same for an image that must be turned, since that takes a second copy: 50 megapixels of three bytes.
const TURNED_BYTES_MAX: u64 = 160 * 1024 * 1024;
/// Most frames of an animation.
const FRAMES_MAX: u32 = 1_000;
/// Most pixels of all frames together: some seconds of work.
const FRAME_PIXELS_MAX: u64 = 500_000_000;
/// Quality of a JPEG that had to be turned: people see no difference.
const TURNED_QUALITY: u8 = 92;

/// How large an image may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) side: u32,
    pub(super) pixels: u64,
}

/// Of media.
const MEDIA: Bounds = Bounds {
    side: IMAGE_SIDE_MAX,
    pixels: IMAGE_PIXELS_MAX,
};

/// What the header says, once its size was found acceptable.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) orientation: Orientation,
}

/// An image that was decoded to its end, as it is shown.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Reads the header and decodes nothing.
pub(super) fn header(image: &[u8], kind: ImageType) -> Result<Header, Refusal> {
    let reader = Cursor::new(image);
    match kind {
        ImageType::Jpeg => header_of(JpegDecoder::new(reader)),
        ImageType::Png => header_of(PngDecoder::with_limits(reader, limits())),
        ImageType::Webp => header_of(WebPDecoder::new(reader)),
        ImageType::Gif => header_of(GifDecoder::new(reader)),
    }
}

/// Decodes an image whose header was found acceptable to its end, and turns it where it is stored turned.
pub(super) fn decode(
    image: Vec<u8>,
    kind: ImageType,
    orientation: Orientation,
) -> Result<Picture, Refusal> {
    let reader = Cursor::new(image.as_slice());
    let turned = match kind {
        ImageType::Jpeg => {
            let decoder = JpegDecoder::new(reader);
            still(decoder, orientation, |image, profile, output| {
                let encoder = JpegEncoder::new_with_quality(output, TURNED_QUALITY);
                encode(image, profile, encoder)
            })?
        }
        ImageType::Png => {
            let decoder = PngDecoder::with_limits(reader, limits());
            still(decoder, orientation, |image, profile, output| {
                encode(image, profile, PngEncoder::new(output))
            })?
        }
        ImageType::Webp => {
            let decoder = WebPDecoder::new(reader).map_err(corrupt)?;
            if decoder.has_animation() {
                Turned::not(frames(decoder)?)
            } else {
                still(Ok(decoder), orientation, |image, profile, output| {
                    encode(image, profile, WebPEncoder::new_lossless(output))
                })?
            }
        }
        ImageType::Gif => Turned::not(frames(GifDecoder::new(reader).map_err(corrupt)?)?),
    };
    Ok(Picture {
        bytes: turned.bytes.unwrap_or(image),
        width: turned.width,
        height: turned.height,
    })
}

/// The first frame of an image, and how it is to be turned.
pub(super) fn first_frame(
    image: &[u8],
    kind: ImageType,
    bounds: Bounds,
) -> Result<(DynamicImage, Orientation), Refusal> {
    let reader = Cursor::new(image);
    match kind {
        ImageType::Jpeg => frame_of(JpegDecoder::new(reader), bounds),
        ImageType::Png => frame_of(PngDecoder::with_limits(reader, limits()), bounds),
        ImageType::Webp => frame_of(WebPDecoder::new(reader), bounds),
        ImageType::Gif => frame_of(GifDecoder::new(reader), bounds),
    }
}

/// A decoded image; with new bytes if it had to be turned.
struct Turned {
    bytes: Option<Vec<u8>>,
    width: u32,
    height: u32,
}

impl Turned {
    fn not((width, height): (u32, u32)) -> Self {
        Self {
            bytes: None,
            width,
            height,
        }
    }
}

fn header_of(decoder: ImageResult<impl ImageDecoder>) -> Result<Header, Refusal> {
    let mut decoder = decoder.map_err(corrupt)?;
    checked_size(&decoder, MEDIA)?;
    Ok(Header {
        orientation: orientation_of(&mut decoder),
    })
}

fn frame_of(
    decoder: ImageResult<impl ImageDecoder>,
    bounds: Bounds,
) -> Result<(DynamicImage, Orientation), Refusal> {
    let mut decoder = decoder.map_err(corrupt)?;
    checked_size(&decoder, bounds)?;
    let orientation = orientation_of(&mut decoder);
    decoder.set_limits(limits()).map_err(corrupt)?;
    let image = DynamicImage::from_decoder(decoder).map_err(corrupt)?;
    Ok((image, orientation))
}

/// An unreadable orientation is none: viewers treat it so too.
fn orientation_of(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

fn still(
    decoder: ImageResult<impl ImageDecoder>,
    orientation: Orientation,
    encode: impl FnOnce(&DynamicImage, Option<Vec<u8>>, &mut Vec<u8>) -> ImageResult<()>,
) -> Result<Turned, Refusal> {
    let mut decoder = decoder.map_err(corrupt)?;
    let size = checked_size(&decoder, MEDIA)?;
    let is_turned = orientation != Orientation::NoTransforms;
    let needed = decoder.total_bytes();
    let most = if is_turned {
        TURNED_BYTES_MAX
    } else {
        DECODED_BYTES_MAX
    };
    if needed > most {
        return Err(Refusal::TooDeep { bytes: needed });
    }
    decoder.set_limits(limits()).map_err(corrupt)?;
    let profile = decoder.icc_profile().ok().flatten();
    let mut image = DynamicImage::from_decoder(decoder).map_err(corrupt)?;
    if !is_turned {
        return Ok(Turned::not(size));
    }
    image.apply_orientation(orientation);
    let profile = profile.filter(|profile| is_for(profile, &image));
    let mut bytes = Vec::new();
    encode(&image, profile, &mut bytes).map_err(corrupt)?;
    Ok(Turned {
        bytes: Some(bytes),
        width: image.width(),
        height: image.height(),
    })
}

/// Whether a colour profile (ICC.1, 7.2.6) is for the colours that the image has now: those of printing were converted
/// while it was decoded.
fn is_for(profile: &[u8], image: &DynamicImage) -> bool {
    let colours: &[u8] = if image.color().has_color() {
        b"RGB "
    } else {
        b"GRAY"
    };
    profile.get(16..20) == Some(colours)
}

fn encode(
    image: &DynamicImage,
    profile: Option<Vec<u8>>,
    mut encoder: impl ImageEncoder,
) -> ImageResult<()> {
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(ImageError::Unsupported)?;
    }
    image.write_with_encoder(encoder)
}

fn frames<'a>(
    mut decoder: impl ImageDecoder + AnimationDecoder<'a>,
) -> Result<(u32, u32), Refusal> {
    let (width, height) = checked_size(&decoder, MEDIA)?;
    decoder.set_limits(limits()).map_err(corrupt)?;
    let pixels = u64::from(width) * u64::from(height);
    let most = FRAME_PIXELS_MAX
        .checked_div(pixels)
        .and_then(|frames| u32::try_from(frames).ok())
        .unwrap_or(FRAMES_MAX)
        .clamp(1, FRAMES_MAX);
    let mut count = 0;
    for frame in decoder.into_frames() {
        frame.map_err(corrupt)?;
        count += 1;
        if count > most {
            return Err(Refusal::TooManyFrames { most });
        }
    }
    if count == 0 {
        return Err(Refusal::Corrupt {
            reason: "there is no frame in it".to_owned(),
        });
    }
    Ok((width, height))
}

fn checked_size(decoder: &impl ImageDecoder, bounds: Bounds) -> Result<(u32, u32), Refusal> {
    let (width, height) = decoder.dimensions();
    let fits =
        width.max(height) <= bounds.side && u64::from(width) * u64::from(height) <= bounds.pixels;
    if fits {
        Ok((width, height))
    } else {
        Err(Refusal::TooLarge {
            width,
            height,
            side_max: bounds.side,
            pixels_max: bounds.pixels,
        })
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    limits
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn corrupt(error: ImageError) -> Refusal {
    Refusal::Corrupt {
        reason: error.to_string(),
    }
}
