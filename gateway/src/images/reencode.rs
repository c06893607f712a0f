//! Re-encodes images: recognises the format by content, checks the dimensions before decoding, then encodes the pixels
//! again. The result is bounded as well: a small file can hold pixels that no lossless format compresses. Pure: no I/O.

use std::io::{self, Cursor, Write};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::http::body::Rule;

/// Maximum number of pixels.
const MAX_PIXELS: u64 = 40_000_000;

/// Maximum width and height, in pixels.
const MAX_SIDE: u32 = 16_384;

/// Maximum memory for decoding, in bytes: 40 million pixels of four channels with 16 bits each.
const MAX_MEMORY: u64 = 384 * 1024 * 1024;

/// Maximum size of the result, in bytes.
const MAX_ENCODED: usize = 20 * 1024 * 1024;

/// Quality of JPEG files, out of 100.
const QUALITY: u8 = 92;

/// Markers of JPEG.
const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// A re-encoded image.
#[derive(Debug)]
pub(super) struct EncodedImage {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: &'static str,
    pub(super) extension: &'static str,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// Decodes an image, turns it upright, and encodes it in the same format.
pub(super) fn reencode(bytes: &[u8]) -> Rule<EncodedImage> {
    reencode_within(bytes, MAX_ENCODED)
}

fn reencode_within(bytes: &[u8], max: usize) -> Rule<EncodedImage> {
    let format = image::guess_format(bytes).ok().filter(|format| is_supported(*format)).ok_or_else(unsupported)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| decode_error(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(too_large());
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| decode_error(&error))?;
    if format == ImageFormat::Jpeg && !is_whole(bytes) {
        return Err(damaged());
    }
    image.apply_orientation(orientation);
    match encode(&image, format, max) {
        // Without transparency JPEG shows the same, in a fraction of the size.
        Err(ImageError::IoError(_)) if !image.color().has_alpha() => encode(&image, ImageFormat::Jpeg, max),
        encoded => encoded,
    }
    .map_err(|error| match error {
        ImageError::IoError(_) => too_detailed(),
        error => decode_error(&error),
    })
}

/// Returns the content type and file extension of a recorded type. Any other type is only downloaded.
pub(super) fn media_type(recorded: &str) -> (&'static str, &'static str) {
    match recorded {
        "image/png" => ("image/png", "png"),
        "image/jpeg" => ("image/jpeg", "jpg"),
        "image/webp" => ("image/webp", "webp"),
        _ => ("application/octet-stream", "bin"),
    }
}

fn is_supported(format: ImageFormat) -> bool {
    matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)
}

/// Fails with an I/O error if the result has more than `max` bytes.
fn encode(image: &DynamicImage, format: ImageFormat, max: usize) -> Result<EncodedImage, ImageError> {
    let mut bytes = Bounded { bytes: Vec::new(), max };
    // Eight bits per channel, which every upstream accepts.
    let plain = if image.color().has_alpha() && format != ImageFormat::Jpeg {
        DynamicImage::from(image.to_rgba8())
    } else {
        DynamicImage::from(image.to_rgb8())
    };
    match format {
        ImageFormat::Jpeg => plain.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?,
        ImageFormat::WebP => plain.write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?,
        _ => plain.write_with_encoder(PngEncoder::new(&mut bytes))?,
    }
    let (content_type, extension) = media_type(format.to_mime_type());
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    let (width, height) = (side(plain.width()), side(plain.height()));
    Ok(EncodedImage { bytes: bytes.bytes, content_type, extension, width, height })
}

/// A buffer that does not grow beyond a size.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_detailed() -> (&'static str, String) {
    ("too_large", format!("Takes more than {} MiB when its pixels are stored. Reduce its size.", MAX_ENCODED >> 20))
}

fn decode_error(error: &ImageError) -> (&'static str, String) {
    match error {
        ImageError::Limits(limit) if limit.kind() != LimitErrorKind::InsufficientMemory => too_large(),
        ImageError::Unsupported(_) => unsupported(),
        _ => damaged(),
    }
}

fn damaged() -> (&'static str, String) {
    ("invalid_image", "This image is damaged or incomplete.".into())
}

/// Whether a JPEG has its end marker. The decoder would fill missing pixels with grey. A thumbnail in the metadata has an end
/// marker too, so the search starts after the segments.
fn is_whole(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = jpeg.get(at..at + 4)
        && *marker != START_OF_SCAN
    {
        at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    jpeg.get(at..).is_some_and(|rest| rest.windows(2).any(|pair| pair == END_OF_IMAGE))
}

fn unsupported() -> (&'static str, String) {
    ("unsupported_type", "Must be a PNG, JPEG or WebP image.".into())
}

fn too_large() -> (&'static str, String) {
    ("too_many_pixels", format!("Must have at most 40 million pixels, and at most {MAX_SIDE} per side."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_pixel(6, 4, Rgb([200, 30, 30])).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A JPEG whose EXIF data has a quarter turn and a location.
    fn rotated_jpeg() -> Vec<u8> {
        let jpeg = encoded(ImageFormat::Jpeg);
        let mut exif =
            b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS-48.8584N-2.2945E".to_vec();
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(length);
        bytes.append(&mut exif);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    #[test]
    fn keeps_the_format() {
        for (format, kind) in
            [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::WebP, "image/webp")]
        {
            let kept = reencode(&encoded(format)).unwrap();
            assert_eq!((kept.content_type, kept.width, kept.height), (kind, 6, 4));
            assert_eq!(image::guess_format(&kept.bytes).unwrap(), format);
        }
        let mut see_through = Cursor::new(Vec::new());
        RgbaImage::from_pixel(2, 2, Rgba([1, 2, 3, 0])).write_to(&mut see_through, ImageFormat::Png).unwrap();
        let kept = reencode(&see_through.into_inner()).unwrap();
        assert!(image::load_from_memory(&kept.bytes).unwrap().color().has_alpha());
    }

    #[test]
    fn turns_images_upright_and_drops_their_location() {
        let sent = rotated_jpeg();
        assert!(sent.windows(3).any(|part| part == b"GPS"));
        let kept = reencode(&sent).unwrap();
        assert_eq!((kept.width, kept.height), (4, 6));
        assert!(
            !kept.bytes.windows(3).any(|part| part == b"GPS") && !kept.bytes.windows(4).any(|part| part == b"Exif")
        );
    }

    #[test]
    fn drops_data_after_the_pixels() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let mut sent = encoded(format);
            sent.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
            let kept = reencode(&sent).unwrap();
            assert!(!kept.bytes.windows(8).any(|part| part == b"<script>"));
        }
    }

    /// A PNG that consists of a header only: 30,000 by 30,000 pixels.
    fn bomb() -> Vec<u8> {
        let mut sent = encoded(ImageFormat::Png)[..16].to_vec();
        sent.extend(30_000_u32.to_be_bytes().repeat(2));
        sent.extend([8, 2, 0, 0, 0, 0x5f, 0xa1, 0xfd, 0x4c]);
        sent
    }

    /// Pixels that do not compress.
    fn noise(side: u32) -> DynamicImage {
        let mut state = 1_u64;
        let pixel = |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let [.., a, b, c] = state.to_be_bytes().map(|byte| byte ^ state.to_le_bytes()[5]);
            Rgb([a, b, c])
        };
        RgbImage::from_fn(side, side, pixel).into()
    }

    #[test]
    fn bounds_what_is_stored() {
        let image = noise(256);
        let whole = encode(&image, ImageFormat::WebP, usize::MAX).unwrap().bytes.len();
        assert!(matches!(encode(&image, ImageFormat::WebP, whole - 1), Err(ImageError::IoError(_))));
        assert_eq!(encode(&image, ImageFormat::WebP, whole).unwrap().bytes.len(), whole);
    }

    #[test]
    fn stores_noise_as_jpeg_and_refuses_it_with_transparency() {
        let mut sent = Cursor::new(Vec::new());
        noise(256).write_to(&mut sent, ImageFormat::WebP).unwrap();
        let whole = sent.get_ref().len();
        let kept = reencode_within(sent.get_ref(), whole - 1).unwrap();
        assert_eq!((kept.content_type, kept.extension, kept.width), ("image/jpeg", "jpg", 256));
        assert!(kept.bytes.len() < whole);
        let mut sent = Cursor::new(Vec::new());
        DynamicImage::from(noise(256).to_rgba8()).write_to(&mut sent, ImageFormat::Png).unwrap();
        assert_eq!(reencode_within(sent.get_ref(), 1_024).unwrap_err().0, "too_large");
    }

    #[test]
    fn rejects_by_content_with_a_reason() {
        let code = |bytes: &[u8]| reencode(bytes).unwrap_err().0;
        assert_eq!(code(b""), "unsupported_type");
        assert_eq!(code(b"GIF89a\x01\0\x01\0\0\0\0;"), "unsupported_type");
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "unsupported_type");
        assert_eq!(code(b"%PDF-1.7"), "unsupported_type");
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = encoded(format);
            assert_eq!(code(&whole[..whole.len() / 2]), "invalid_image", "{format:?}");
        }
        let bomb = code(&bomb());
        assert!(["too_many_pixels", "invalid_image"].contains(&bomb), "{bomb}");
    }
}
