//! The bytes of a result: a clip in some container, optionally followed by padding that is generated while it is sent.

use std::io;
use std::ops::Range;

use axum::body::{Body, Bytes};
use futures::{StreamExt, stream};

use super::clip::Clip;
use super::mp4;
use crate::plan::download::{Container, DownloadFault, DownloadPlan};

/// Size of the header of a `free` box with a 64-bit length. Players skip such a box.
const BOX_HEADER: u64 = 16;
const ZEROS: &[u8] = &[0; 64 << 10];

const FRAGMENTED: &[u8] = include_bytes!("../../media/formats/fragmented.mp4");
const WEBM: &[u8] = include_bytes!("../../media/formats/video.webm");

/// A playable file.
#[derive(Clone, Debug)]
pub(super) struct File {
    name: &'static str,
    pub(super) media_type: &'static str,
    video: Bytes,
    /// Size of the box behind the video, header included; 0 without a box.
    padding: u64,
}

impl File {
    /// The clip in the container and with the padding that the plan asks for.
    pub(super) fn new(clip: &'static Clip, plan: &DownloadPlan) -> Self {
        let (name, media_type, video) = match plan.container {
            Container::Mp4 | Container::Hls(_) if plan.has(DownloadFault::TruncatedCleanly) => {
                (clip.name, "video/mp4", mp4::index_last(clip.bytes).into())
            }
            Container::Mp4 | Container::Hls(_) => (clip.name, "video/mp4", Bytes::from_static(clip.bytes)),
            Container::QuickTime => (clip.name, "video/quicktime", mp4::without_file_type(clip.bytes).into()),
            Container::FragmentedMp4 => ("fragmented", "video/mp4", Bytes::from_static(FRAGMENTED)),
            Container::WebM => ("webm", "video/webm", Bytes::from_static(WEBM)),
        };
        let media_type = if plan.octet_stream { "application/octet-stream" } else { media_type };
        let padding = (plan.megabytes.unwrap_or(0) << 20).saturating_sub(video.len() as u64);
        Self { name, media_type, video, padding: if padding < BOX_HEADER { 0 } else { padding } }
    }

    /// Size in bytes.
    pub(super) fn length(&self) -> u64 {
        self.video.len() as u64 + self.padding
    }

    /// The entity tag.
    pub(super) fn tag(&self) -> String {
        format!("\"{}-{:x}\"", self.name, self.length())
    }

    /// A body with a range of the file.
    pub(super) fn range(&self, range: Range<u64>) -> Body {
        if self.padding == 0 {
            return Body::from(self.piece(range));
        }
        let pieces = stream::unfold((self.clone(), range), |(file, range)| async move {
            let piece = file.piece(range.clone());
            let rest = range.start + piece.len() as u64..range.end;
            (!piece.is_empty()).then(|| (io::Result::Ok(piece), (file, rest)))
        });
        Body::from_stream(pieces)
    }

    /// A body that sends a range of the file and then breaks off.
    pub(super) fn truncated(&self, range: Range<u64>) -> Body {
        let broken = stream::once(async {
            // Lets the server send what was written before it sees the error.
            tokio::task::yield_now().await;
            Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
        });
        Body::from_stream(self.range(range).into_data_stream().chain(broken))
    }

    /// The first contiguous bytes of a range, possibly all of it.
    fn piece(&self, range: Range<u64>) -> Bytes {
        let index = |at: u64, length: usize| usize::try_from(at).unwrap_or(usize::MAX).min(length);
        let video = self.video.len() as u64;
        let zeros = video + BOX_HEADER;
        if range.start < video {
            let (from, to) = (index(range.start, self.video.len()), index(range.end, self.video.len()));
            self.video.slice(from..to.max(from))
        } else if range.start < zeros {
            let header = [[0, 0, 0, 1], *b"free"].concat().into_iter().chain(self.padding.to_be_bytes());
            let skipped = header.skip(usize::try_from(range.start - video).unwrap_or(0));
            skipped.take(usize::try_from(range.end - range.start).unwrap_or(usize::MAX)).collect()
        } else {
            Bytes::from_static(&ZEROS[..index(range.end - range.start, ZEROS.len())])
        }
    }
}
