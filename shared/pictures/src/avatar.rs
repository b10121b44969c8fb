//! The picture of a person: a small square that is drawn anew.

use domain::media::ImageType;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgba, RgbaImage};

use super::decode::{self, Bounds};
use super::refusal::Refusal;
use super::sniff::sniff;

/// Pixels of a side.
const SIDE: u32 = 256;
/// Some 15 kB of a photo.
const QUALITY: u8 = 85;
/// Decoded, at most 128 MiB: more than any image has that fits into the body of a request and is no bomb.
const BOUNDS: Bounds = Bounds {
    side: 4_096,
    pixels: 4_096 * 4_096,
};

/// The middle of an image, as it is shown, as a JPEG; of an animation its first frame. Only the pixels come out of it:
/// neither what a camera wrote beside them, nor what was appended to the file. The same image makes the same bytes. Takes
/// processor time: not for async threads.
pub fn avatar(uploaded: &[u8]) -> Result<Vec<u8>, Refusal> {
    let found = sniff(uploaded);
    let kind = ImageType::of_content_type(found).ok_or(Refusal::NotTaken { found })?;
    let (image, orientation) = decode::first_frame(uploaded, kind, BOUNDS)?;
    // The square before the size: a line of pixels would grow beyond all memory.
    let side = image.width().min(image.height());
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let square = image.crop_imm(left, top, side, side);
    let mut square = square.resize_exact(SIDE, SIDE, FilterType::Triangle);
    square.apply_orientation(orientation);
    encoded(&square)
}

/// On white where it is transparent.
fn encoded(square: &DynamicImage) -> Result<Vec<u8>, Refusal> {
    let mut ground = RgbaImage::from_pixel(SIDE, SIDE, Rgba([255; 4]));
    imageops::overlay(&mut ground, &square.to_rgba8(), 0, 0);
    let mut bytes = Vec::new();
    DynamicImage::ImageRgba8(ground)
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        .map_err(decode::corrupt)?;
    Ok(bytes)
}
