//! Images and what pretends to be some.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, Frame, ImageDecoder, ImageEncoder, Rgb, RgbImage, RgbaImage};

/// Something that compresses to more than a few bytes.
fn picture(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| {
        let shade = |value: u32| u8::try_from(value % 256).unwrap();
        Rgb([shade(x * 7), shade(y * 5), shade(x * y)])
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel))
}

fn encoded(image: &DynamicImage, write: impl FnOnce(&DynamicImage, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(image, &mut bytes);
    bytes
}

/// Red, green and blue squares beside one another.
pub(crate) fn three_colours() -> Vec<u8> {
    let pixel = |x: u32, _| match x / 30 {
        0 => Rgb([255, 0, 0]),
        1 => Rgb([0, 255, 0]),
        _ => Rgb([0, 0, 255]),
    };
    let image = DynamicImage::ImageRgb8(RgbImage::from_fn(90, 30, pixel));
    encoded(&image, |image, output| {
        image.write_with_encoder(PngEncoder::new(output)).unwrap();
    })
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        image
            .write_with_encoder(JpegEncoder::new_with_quality(output, 90))
            .unwrap();
    })
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        image.write_with_encoder(PngEncoder::new(output)).unwrap();
    })
}

pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        image
            .write_with_encoder(WebPEncoder::new_lossless(output))
            .unwrap();
    })
}

pub(crate) fn gif(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
        for _ in 0..frames {
            let frame = Frame::new(RgbaImage::new(width, height));
            encoder.encode_frame(frame).unwrap();
        }
    }
    bytes
}

/// A TIFF block (big-endian) with the orientation and a text that names a place.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    block.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    let text = SECRET.as_bytes();
    block.extend([0x01, 0x0e, 0, 2, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
    block.extend([0, 0, 0, 38, 0, 0, 0, 0]);
    block.extend(text);
    block
}

/// What the camera wrote beside the picture.
pub(crate) const SECRET: &str = "GPS 52.5200 N 13.4050 E";

pub(crate) fn jpeg_with_exif(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        let mut encoder = JpegEncoder::new_with_quality(output, 90);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        image.write_with_encoder(encoder).unwrap();
    })
}

pub(crate) fn png_with_exif(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        let mut encoder = PngEncoder::new(output);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        image.write_with_encoder(encoder).unwrap();
    })
}

pub(crate) fn webp_with_exif(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), |image, output| {
        let mut encoder = WebPEncoder::new_lossless(output);
        encoder.set_exif_metadata(exif(1)).unwrap();
        image.write_with_encoder(encoder).unwrap();
    })
}

/// A GIF whose comment names a place.
pub(crate) fn gif_with_comment(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = gif(width, height, 1);
    let trailer = bytes.pop().unwrap();
    let text = SECRET.as_bytes();
    bytes.extend([0x21, 0xfe, u8::try_from(text.len()).unwrap()]);
    bytes.extend(text);
    bytes.extend([0, trailer]);
    bytes
}

/// A PNG whose header promises `width` x `height` pixels, and that has hardly any bytes.
pub(crate) fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(1, 1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// As PNG computes it (annex D), without its table.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Width and height as a viewer without metadata shows them, and the pixels.
pub(crate) fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

/// Whether a decoder finds metadata of a camera.
pub(crate) fn has_exif(bytes: &[u8]) -> bool {
    let reader = image::ImageReader::new(Cursor::new(bytes));
    let mut decoder = reader
        .with_guessed_format()
        .unwrap()
        .into_decoder()
        .unwrap();
    decoder.exif_metadata().unwrap().is_some()
}
