//! What a file is, by its first bytes: neither its name nor its announced type is believed.

/// A kind of video that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// ISO base media: MP4 and its relatives.
    Mp4,
    /// EBML: WebM and Matroska.
    Webm,
}

impl MediaType {
    /// As HTTP names it.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }

    /// As file names end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
        }
    }
}

/// How many bytes [`sniff`] looks at.
pub(crate) const SNIFFED: usize = 12;

/// The kind of video that begins with `head`.
pub(crate) fn sniff(head: &[u8]) -> Option<MediaType> {
    if head.len() < SNIFFED {
        return None;
    }
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(MediaType::Mp4),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(MediaType::Webm),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_videos_by_their_first_bytes() {
        assert_eq!(sniff(b"\0\0\0\x20ftypisom...."), Some(MediaType::Mp4));
        assert_eq!(sniff(b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\xF7\x81"), Some(MediaType::Webm));
        assert_eq!(sniff(b"<!DOCTYPE html><html>"), None);
        assert_eq!(sniff(b"\0\0\0\x20ftyp"), None);
    }
}
