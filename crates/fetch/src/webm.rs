//! Checks that a WebM or Matroska file is complete: walks the elements of its segment while the bytes are streamed
//! (RFC 8794, RFC 9559).
//!
//! Live muxers write clusters of unknown size; nothing after the first of them is checked.

use crate::kind::Kind;
use crate::{Error, Incomplete};

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
/// The value of a track's type that says video.
const VIDEO: u8 = 1;

/// The state of the walk.
#[derive(Debug, Default)]
pub(crate) struct WebmWalk {
    at: u64,
    skip: u64,
    header: Vec<u8>,
    /// Where the segment ends, if it says.
    segment_end: Option<u64>,
    /// Whether a cluster of unknown size was reached, or what follows is not read.
    open_ended: bool,
    /// Whether the next byte is a track's type.
    track_type: bool,
    clusters: bool,
    tracks: bool,
    video: bool,
}

impl WebmWalk {
    /// Takes in the next bytes.
    ///
    /// # Errors
    /// The file is damaged.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() && !self.open_ended {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            if skipped > 0 {
                if std::mem::take(&mut self.track_type) {
                    self.video |= bytes[0] == VIDEO;
                }
                (self.skip, self.at) = (self.skip - skipped as u64, self.at + skipped as u64);
                bytes = &bytes[skipped..];
                continue;
            }
            self.header.push(bytes[0]);
            self.at += 1;
            bytes = &bytes[1..];
            match element(&self.header) {
                Header::Partial => {}
                Header::Invalid if self.clusters => self.open_ended = true,
                Header::Invalid => return Err(Incomplete::Damaged.into()),
                Header::Element(id, size) => {
                    self.header.clear();
                    self.enter(id, size);
                }
            }
        }
        Ok(())
    }

    /// Checks that the file is complete and a video.
    ///
    /// # Errors
    /// It is cut short, has no clusters, or has no video track.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let cut = self.skip > 0 || self.segment_end.is_some_and(|end| self.at < end);
        if !self.open_ended && (cut || (!self.header.is_empty() && !self.clusters)) {
            return Err(Incomplete::Cut.into());
        }
        if !self.clusters {
            return Err(Incomplete::NoMedia.into());
        }
        if self.tracks && !self.video {
            return Err(Error::NotVideo(Kind::Audio));
        }
        Ok(())
    }

    fn enter(&mut self, id: u32, size: Option<u64>) {
        self.clusters |= id == CLUSTER;
        self.tracks |= id == TRACK_ENTRY;
        self.track_type = id == TRACK_TYPE;
        match (id, size) {
            (SEGMENT, size) => self.segment_end = size.and_then(|size| self.at.checked_add(size)),
            (TRACKS | TRACK_ENTRY, Some(_)) => {}
            (_, Some(size)) => self.skip = size,
            (_, None) => self.open_ended = true,
        }
    }
}

/// What the bytes of a header say so far.
enum Header {
    Partial,
    Invalid,
    /// An element's id, with its marker, and its size if it is known.
    Element(u32, Option<u64>),
}

fn element(header: &[u8]) -> Header {
    let id_length = header[0].leading_zeros() as usize + 1;
    if id_length > 4 {
        return Header::Invalid;
    }
    let Some(first) = header.get(id_length) else { return Header::Partial };
    let size_length = first.leading_zeros() as usize + 1;
    if size_length > 8 {
        return Header::Invalid;
    }
    if header.len() < id_length + size_length {
        return Header::Partial;
    }
    let id = header[..id_length].iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let mask = (1u64 << (7 * size_length)) - 1;
    let size = header[id_length..].iter().fold(0, |size, byte| size << 8 | u64::from(*byte)) & mask;
    Header::Element(id, (size != mask).then_some(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: u32, content: &[u8]) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        let size = (content.len() as u64 | 1 << 28).to_be_bytes();
        [&id[..], &size[4..], content].concat()
    }

    fn file(track: u8) -> Vec<u8> {
        let tracks =
            element(TRACKS, &element(TRACK_ENTRY, &[element(0xD7, &[1]), element(TRACK_TYPE, &[track])].concat()));
        let content = [element(0x1549_A966, &[0; 40]), tracks, element(CLUSTER, &[7; 500]), element(CLUSTER, &[7; 90])];
        [element(0x1A45_DFA3, &[0; 20]), element(SEGMENT, &content.concat())].concat()
    }

    fn walk(file: &[u8], chunk: usize) -> Result<(), Error> {
        let mut walk = WebmWalk::default();
        file.chunks(chunk).try_for_each(|bytes| walk.push(bytes))?;
        walk.finish()
    }

    #[test]
    fn tells_whole_files_from_cut_ones() {
        let file = file(1);
        for chunk in [1, 9, file.len()] {
            walk(&file, chunk).unwrap();
        }
        for end in (1..file.len()).step_by(17) {
            assert!(matches!(walk(&file[..end], 64), Err(Error::Incomplete(_))), "{end}");
        }
    }

    #[test]
    fn takes_clusters_of_unknown_size_and_refuses_sound() {
        let mut live = element(0x1A45_DFA3, &[0; 20]);
        live.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        live.extend([0x1F, 0x43, 0xB6, 0x75, 0xFF, 7, 7, 7]);
        walk(&live, 3).unwrap();
        assert!(matches!(walk(&file(2), 64), Err(Error::NotVideo(Kind::Audio))));
        assert!(matches!(walk(&[0x1A, 0x45, 0xDF, 0xA3, 0x80, 0, 0], 64), Err(Error::Incomplete(_))));
    }
}
