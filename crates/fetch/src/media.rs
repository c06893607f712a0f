//! What a file is, by its content: neither its name nor its announced type is trusted.

use crate::Error;
use crate::kind::Kind;
use crate::mp4::Mp4Walk;
use crate::webm::WebmWalk;

/// A kind of video that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// ISO base media: MP4 and QuickTime.
    Mp4,
    /// EBML: WebM and Matroska.
    Webm,
}

impl MediaType {
    /// The MIME type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }

    /// The file name extension.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
        }
    }
}

/// What the first bytes of a file show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Video(MediaType),
    Json,
    Playlist,
    Other(Kind),
}

/// How many bytes [`sniff`] looks at.
pub(crate) const SNIFFED: usize = 64;

/// Brands of `ftyp` boxes whose files hold images or sound (mp4ra.org).
const IMAGE_BRANDS: [&[u8; 4]; 11] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx "];
const AUDIO_BRANDS: [&[u8; 4]; 5] = [b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "];

/// Boxes that a file can begin with instead of `ftyp`: fragments, and QuickTime files.
const FIRST_BOXES: [&[u8; 4]; 8] = [b"styp", b"moov", b"mdat", b"moof", b"wide", b"free", b"skip", b"pnot"];

/// What a file that begins with `head` is.
pub(crate) fn sniff(head: &[u8]) -> Sniffed {
    if let Some(kind) = head.get(4..8) {
        if kind == b"ftyp" {
            return branded(head.get(8..12).unwrap_or_default());
        }
        // A size below 512 MiB, so that text is never taken for a box.
        if head[0] < 0x20 && FIRST_BOXES.iter().any(|first| kind == *first) {
            return Sniffed::Video(MediaType::Mp4);
        }
    }
    match head {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Sniffed::Video(MediaType::Webm),
        [0xFF, 0xD8, 0xFF, ..] | [0x89, b'P', b'N', b'G', ..] | [b'G', b'I', b'F', b'8', ..] => {
            Sniffed::Other(Kind::Image)
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Sniffed::Other(Kind::Image),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Sniffed::Other(Kind::Audio),
        [b'I', b'D', b'3', ..] | [b'O', b'g', b'g', b'S', ..] | [b'f', b'L', b'a', b'C', ..] => {
            Sniffed::Other(Kind::Audio)
        }
        [0xFF, second, ..] if second & 0xE0 == 0xE0 => Sniffed::Other(Kind::Audio),
        _ => text(head),
    }
}

fn branded(brand: &[u8]) -> Sniffed {
    let is = |brands: &[&[u8; 4]]| brands.iter().any(|known| brand == *known);
    if is(&IMAGE_BRANDS) {
        Sniffed::Other(Kind::Image)
    } else if is(&AUDIO_BRANDS) {
        Sniffed::Other(Kind::Audio)
    } else {
        Sniffed::Video(MediaType::Mp4)
    }
}

fn text(head: &[u8]) -> Sniffed {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    match text {
        [] => Sniffed::Other(Kind::Empty),
        [b'{' | b'[' | b'"', ..] => Sniffed::Json,
        // A text that is nothing but an address.
        _ if text.starts_with(b"http://") || text.starts_with(b"https://") => Sniffed::Json,
        [b'<', ..] => Sniffed::Other(Kind::Page),
        _ if text.starts_with(b"#EXTM3U") => Sniffed::Playlist,
        _ => Sniffed::Other(Kind::Unknown),
    }
}

/// Checks that a file is complete and a video while its bytes are streamed.
#[derive(Debug)]
pub(crate) enum Walk {
    Mp4(Mp4Walk),
    Webm(WebmWalk),
}

impl Walk {
    pub(crate) fn of(media: MediaType) -> Self {
        match media {
            MediaType::Mp4 => Self::Mp4(Mp4Walk::default()),
            MediaType::Webm => Self::Webm(WebmWalk::default()),
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Mp4(walk) => walk.push(bytes),
            Self::Webm(walk) => walk.push(bytes),
        }
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self {
            Self::Mp4(walk) => walk.finish(),
            Self::Webm(walk) => walk.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_by_their_first_bytes() {
        let (mp4, webm) = (Sniffed::Video(MediaType::Mp4), Sniffed::Video(MediaType::Webm));
        let other = Sniffed::Other;
        for (head, expected) in [
            (&b"\0\0\0\x20ftypisom...."[..], mp4),
            (b"\0\0\0\x20ftyp", mp4),
            (b"\0\0\0\x14ftypqt  ", mp4),
            (b"\0\0\0\x08wide\0\0", mp4),
            (b"\0\0\0\x18stypmsdh", mp4),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\xF7\x81", webm),
            (b"\0\0\0\x1cftypM4A \0\0\0\0", other(Kind::Audio)),
            (b"\0\0\0\x1cftypheic\0\0\0\0", other(Kind::Image)),
            (b"\xFF\xFB\x90\x64\0\0\0\0", other(Kind::Audio)),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", other(Kind::Image)),
            (b"RIFF\0\0\0\0WEBPVP8 ", other(Kind::Image)),
            (b"<!DOCTYPE html><html>", other(Kind::Page)),
            (b"\xEF\xBB\xBF\n {\"url\":1}", Sniffed::Json),
            (b"#EXTM3U\n", Sniffed::Playlist),
            (b"", other(Kind::Empty)),
            (b"404 page not found", other(Kind::Unknown)),
            (b"All free!", other(Kind::Unknown)),
        ] {
            assert_eq!(sniff(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
