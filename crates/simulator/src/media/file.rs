//! The bytes of a result: a clip, optionally followed by padding that is generated while it is sent.

use std::io;
use std::ops::Range;

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};

use super::clip::Clip;

/// Size of the header of a `free` box with a 64-bit length. Players skip such a box.
const BOX_HEADER: u64 = 16;
const ZEROS: &[u8] = &[0; 64 << 10];

/// A playable file.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    clip: &'static Clip,
    /// Size of the box behind the clip, header included; 0 without a box.
    padding: u64,
}

impl File {
    /// The clip, padded to so many MiB.
    pub(super) fn new(clip: &'static Clip, megabytes: Option<u64>) -> Self {
        let size = megabytes.unwrap_or(0) << 20;
        let padding = size.saturating_sub(clip.bytes.len() as u64);
        Self { clip, padding: if padding < BOX_HEADER { 0 } else { padding } }
    }

    /// Size in bytes.
    pub(super) fn length(self) -> u64 {
        self.clip.bytes.len() as u64 + self.padding
    }

    /// The entity tag.
    pub(super) fn tag(self) -> String {
        format!("\"{}-{:x}\"", self.clip.name, self.length())
    }

    /// A body with a range of the file.
    pub(super) fn range(self, range: Range<u64>) -> Body {
        if self.padding == 0 {
            return Body::from(self.piece(range));
        }
        let pieces = stream::unfold(range, move |range| async move {
            let piece = self.piece(range.clone());
            (!piece.is_empty()).then(|| (io::Result::Ok(piece.clone()), range.start + piece.len() as u64..range.end))
        });
        Body::from_stream(pieces)
    }

    /// A body that sends a range of the file and then breaks off.
    pub(super) fn truncated(self, range: Range<u64>) -> Body {
        let broken = stream::once(async {
            // Lets the server send what was written before it sees the error.
            tokio::task::yield_now().await;
            Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
        });
        Body::from_stream(self.range(range).into_data_stream().chain(broken))
    }

    /// The first contiguous bytes of a range, possibly all of it.
    fn piece(self, range: Range<u64>) -> Bytes {
        let slice = |bytes: &'static [u8], from: u64, to: u64| {
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            Bytes::from_static(&bytes[index(from)..index(to).max(index(from))])
        };
        let clip = self.clip.bytes.len() as u64;
        let zeros = clip + BOX_HEADER;
        if range.start < clip {
            slice(self.clip.bytes, range.start, range.end)
        } else if range.start < zeros {
            let header = [[0, 0, 0, 1], *b"free"].concat().into_iter().chain(self.padding.to_be_bytes());
            let skipped = header.skip(usize::try_from(range.start - clip).unwrap_or(0));
            skipped.take(usize::try_from(range.end - range.start).unwrap_or(usize::MAX)).collect()
        } else {
            slice(ZEROS, 0, range.end - range.start)
        }
    }
}
