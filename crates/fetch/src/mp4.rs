//! Checks that an MP4 file is complete: walks its boxes while the bytes are streamed, without keeping them.
//!
//! A complete file ends where its last box ends, and contains `moov` and media data. Inside `moov` only the handlers are
//! read, which say whether any track is video (ISO/IEC 14496-12; QuickTime files have the same shape, without `ftyp`).

use crate::kind::Kind;
use crate::{Error, Incomplete};

/// Bytes of a `hdlr` box's content up to and including the handler's type.
const HANDLER: usize = 12;

/// The boxes that can follow a complete video. Anything else behind it is not part of the file.
const TOP_LEVEL: [&[u8; 4]; 14] = [
    b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"emsg", b"prft", b"free", b"skip", b"wide", b"udta",
    b"uuid", b"meta",
];

/// The state of the walk.
#[derive(Debug, Default)]
pub(crate) struct Mp4Walk {
    /// Offset of the next byte.
    at: u64,
    /// Bytes to skip before the next header.
    skip: u64,
    /// The bytes of the current header that have come so far.
    header: Vec<u8>,
    /// Where the boxes end that have been entered, outermost first.
    ends: Vec<u64>,
    /// Whether the current box extends to the end of the file, or what follows is not read.
    open_ended: bool,
    moov: bool,
    media: bool,
    tracks: bool,
    video: bool,
}

impl Mp4Walk {
    /// Takes in the next bytes.
    ///
    /// # Errors
    /// The file is damaged.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() && !self.open_ended {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            if skipped > 0 {
                bytes = self.advance(bytes, skipped);
                self.skip -= skipped as u64;
                continue;
            }
            let wanted = (needed(&self.header) - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..wanted]);
            bytes = self.advance(bytes, wanted);
            if self.header.len() == needed(&self.header) {
                let header = std::mem::take(&mut self.header);
                self.enter(&header)?;
            }
        }
        Ok(())
    }

    /// Checks that the file is complete and a video.
    ///
    /// # Errors
    /// It is cut short, has no `moov` or no media data, or has no video track.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let inside = self.skip > 0 || self.ends.last().is_some_and(|end| self.at < *end);
        // A few bytes behind a complete file are padding.
        if !self.open_ended && (inside || (!self.header.is_empty() && !self.is_playable())) {
            return Err(Incomplete::Cut.into());
        }
        if !self.moov {
            return Err(Incomplete::NoIndex.into());
        }
        if !self.media {
            return Err(Incomplete::NoMedia.into());
        }
        if self.tracks && !self.video {
            return Err(Error::NotVideo(Kind::Audio));
        }
        Ok(())
    }

    fn advance<'a>(&mut self, bytes: &'a [u8], by: usize) -> &'a [u8] {
        self.at += by as u64;
        &bytes[by..]
    }

    fn is_playable(&self) -> bool {
        self.moov && self.media
    }

    /// Takes in a whole header.
    fn enter(&mut self, header: &[u8]) -> Result<(), Error> {
        let start = self.at - header.len() as u64;
        self.ends.retain(|end| start < *end);
        let (kind, length) = (&header[4..8], header_length(header) as u64);
        let size = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
            0 => None,
            1 => Some(u64::from_be_bytes(header[8..16].try_into().unwrap_or_default())),
            size => Some(u64::from(size)),
        };
        let parent = self.ends.last().copied();
        if parent.is_none() && self.is_playable() && !TOP_LEVEL.iter().any(|known| kind == *known) {
            self.open_ended = true;
            return Ok(());
        }
        let end = size.filter(|size| *size >= length).and_then(|size| start.checked_add(size));
        let end = match (end, parent) {
            (Some(end), parent) => end.min(parent.unwrap_or(u64::MAX)),
            // Inside another box, one without a usable size is its last.
            (None, Some(parent)) => parent,
            (None, None) => return self.enter_last(kind, size.is_none()),
        };
        self.note(kind, parent.is_none());
        if matches!(kind, b"moov" | b"trak" | b"mdia") {
            self.ends.push(end);
        } else {
            self.video |= header.len() == header_length(header) + HANDLER && header.ends_with(b"vide");
            self.skip = end.saturating_sub(self.at);
        }
        Ok(())
    }

    /// A box that extends to the end of the file, or whose size is impossible.
    fn enter_last(&mut self, kind: &[u8], to_the_end: bool) -> Result<(), Error> {
        if !to_the_end && !self.is_playable() {
            return Err(Incomplete::Damaged.into());
        }
        self.note(kind, true);
        self.open_ended = true;
        Ok(())
    }

    fn note(&mut self, kind: &[u8], outermost: bool) {
        match kind {
            b"moov" if outermost => self.moov = true,
            b"mdat" | b"moof" if outermost => self.media = true,
            b"trak" => self.tracks = true,
            _ => {}
        }
    }
}

/// Bytes of a box's header: 8, or 16 with a 64-bit size.
fn header_length(header: &[u8]) -> usize {
    if header.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 }
}

/// Bytes that are read before a box can be entered, by what has been read of it.
fn needed(header: &[u8]) -> usize {
    if header.len() < 8 {
        return 8;
    }
    let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
    let handler = &header[4..8] == b"hdlr" && size >= 8 + HANDLER;
    header_length(header) + if handler { HANDLER } else { 0 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&size[..], kind, content].concat()
    }

    fn track(handler: &[u8; 4]) -> Vec<u8> {
        let handler = boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 13]].concat());
        boxed(
            b"trak",
            &[boxed(b"tkhd", &[0; 84]), boxed(b"mdia", &[boxed(b"mdhd", &[0; 24]), handler].concat())].concat(),
        )
    }

    pub(crate) fn moov(handlers: &[&[u8; 4]]) -> Vec<u8> {
        let tracks: Vec<u8> = handlers.iter().flat_map(|handler| track(handler)).collect();
        boxed(b"moov", &[boxed(b"mvhd", &[0; 100]), tracks, boxed(b"udta", &[0; 12])].concat())
    }

    fn walk(file: &[u8], chunk: usize) -> Result<(), Error> {
        let mut walk = Mp4Walk::default();
        file.chunks(chunk).try_for_each(|bytes| walk.push(bytes))?;
        walk.finish()
    }

    fn ftyp() -> Vec<u8> {
        boxed(b"ftyp", b"isom\0\0\x02\0isom")
    }

    #[test]
    fn takes_whole_files_of_every_layout() {
        let (moov, mdat) = (moov(&[b"soun", b"vide"]), boxed(b"mdat", &[7; 999]));
        let long = [&[0, 0, 0, 1][..], b"mdat", &1015u64.to_be_bytes(), &[7; 999]].concat();
        let open = [&[0, 0, 0, 0][..], b"mdat", &[7; 999]].concat();
        let fragment = [boxed(b"moof", &[0; 40]), boxed(b"mdat", &[7; 99])].concat();
        for file in [
            [ftyp(), moov.clone(), mdat.clone()].concat(),
            [ftyp(), mdat.clone(), moov.clone()].concat(),
            [ftyp(), long, moov.clone()].concat(),
            [ftyp(), moov.clone(), open].concat(),
            [ftyp(), moov.clone(), fragment.clone(), fragment].concat(),
            [boxed(b"wide", b""), mdat.clone(), moov.clone()].concat(),
            [ftyp(), moov.clone(), mdat.clone(), boxed(b"free", &[0; 64])].concat(),
            [ftyp(), moov.clone(), mdat.clone(), vec![0; 5]].concat(),
            [ftyp(), moov, mdat, b"<!-- trailer -->".to_vec()].concat(),
        ] {
            for chunk in [1, 7, file.len()] {
                walk(&file, chunk).unwrap();
            }
        }
    }

    #[test]
    fn finds_files_that_are_cut() {
        let (moov, mdat) = (moov(&[b"vide"]), boxed(b"mdat", &[7; 999]));
        let late = [ftyp(), mdat.clone(), moov.clone()].concat();
        let early = [ftyp(), moov, mdat].concat();
        for file in [late, early] {
            for end in (40..file.len()).step_by(13) {
                assert!(matches!(walk(&file[..end], 64), Err(Error::Incomplete(_))), "{end} of {}", file.len());
            }
        }
    }

    #[test]
    fn finds_sound_without_pictures_and_damage() {
        let mdat = boxed(b"mdat", &[7; 9]);
        let sound = [ftyp(), moov(&[b"soun"]), mdat.clone()].concat();
        assert!(matches!(walk(&sound, 64), Err(Error::NotVideo(Kind::Audio))));
        let damaged = [ftyp(), vec![0, 0, 0, 3], b"abcdefgh".to_vec()].concat();
        assert!(matches!(walk(&damaged, 64), Err(Error::Incomplete(Incomplete::Damaged))));
        assert!(matches!(walk(&[ftyp(), moov(&[b"vide"])].concat(), 64), Err(Error::Incomplete(Incomplete::NoMedia))));
        // Nothing is concluded from a `moov` without tracks.
        walk(&[ftyp(), moov(&[]), mdat].concat(), 64).unwrap();
    }
}
