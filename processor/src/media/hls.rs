//! Joins the files of an HLS playlist, which have been fetched to this machine, to one MP4.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fetch::LocalPlaylist;

use super::subprocess::Limits;
use super::{ffmpeg, subprocess};

/// Joins `playlist` to a file of at most `max_bytes` in `folder`, without re-encoding. `None` if ffmpeg fails.
pub(super) async fn join(
    ffmpeg: &Path,
    playlist: &LocalPlaylist,
    folder: &Path,
    max_bytes: u64,
) -> io::Result<Option<PathBuf>> {
    let joined = folder.join("joined.mp4");
    let arguments = ffmpeg::join_arguments(&playlist.video, playlist.audio.as_deref(), &joined);
    let limits =
        Limits { timeout: Duration::from_secs(600), cpu_seconds: 300, file_bytes: max_bytes, output_bytes: 64 * 1024 };
    Ok(subprocess::run(ffmpeg, &arguments, limits).await?.map(|_| joined))
}
