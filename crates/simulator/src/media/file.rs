//! The bytes of a result: a clip, and behind it as much filler as a behaviour asks for. Filler is never held in memory.

use std::io;
use std::ops::Range;

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};

use crate::media::clip::Clip;

/// The header of a `free` box with a 64-bit length: players skip what it holds.
const BOX_HEADER: u64 = 16;
const ZEROS: &[u8] = &[0; 64 << 10];

/// A file that plays.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    clip: &'static Clip,
    /// Length of the box behind the clip, header included; 0 if there is none.
    filler: u64,
}

impl File {
    /// The clip, filled up to so many MiB.
    pub(super) fn new(clip: &'static Clip, megabytes: Option<u64>) -> Self {
        let wanted = megabytes.unwrap_or(0) << 20;
        let filler = wanted.saturating_sub(clip.bytes.len() as u64);
        Self { clip, filler: if filler < BOX_HEADER { 0 } else { filler } }
    }

    /// In bytes.
    pub(super) fn length(self) -> u64 {
        self.clip.bytes.len() as u64 + self.filler
    }

    /// What names this content and no other.
    pub(super) fn tag(self) -> String {
        format!("\"{}-{:x}\"", self.clip.name, self.length())
    }

    /// A range of it.
    pub(super) fn part(self, range: Range<u64>) -> Body {
        if self.filler == 0 {
            return Body::from(self.piece(range));
        }
        let pieces = stream::unfold(range, move |range| async move {
            let piece = self.piece(range.clone());
            (!piece.is_empty()).then(|| (io::Result::Ok(piece.clone()), range.start + piece.len() as u64..range.end))
        });
        Body::from_stream(pieces)
    }

    /// A range of it that breaks off before its end.
    pub(super) fn broken(self, range: Range<u64>) -> Body {
        let torn = stream::once(async {
            // What was written leaves first.
            tokio::task::yield_now().await;
            Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
        });
        Body::from_stream(self.part(range).into_data_stream().chain(torn))
    }

    /// Bytes from the start of a range: all of it, or as many as lie together.
    fn piece(self, range: Range<u64>) -> Bytes {
        let cut = |bytes: &'static [u8], from: u64, to: u64| {
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            Bytes::from_static(&bytes[index(from)..index(to).max(index(from))])
        };
        let clip = self.clip.bytes.len() as u64;
        let zeros = clip + BOX_HEADER;
        if range.start < clip {
            cut(self.clip.bytes, range.start, range.end)
        } else if range.start < zeros {
            let header = [[0, 0, 0, 1], *b"free"].concat().into_iter().chain(self.filler.to_be_bytes());
            let skipped = header.skip(usize::try_from(range.start - clip).unwrap_or(0));
            skipped.take(usize::try_from(range.end - range.start).unwrap_or(usize::MAX)).collect()
        } else {
            cut(ZEROS, 0, range.end - range.start)
        }
    }
}
