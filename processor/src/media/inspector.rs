//! Inspects videos one at a time, and stores a poster beside each.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use entity::video::{MediaInfo, Model};
use entity::{DbErr, VideoId};
use fetch::LocalPlaylist;
use futures::stream;
use storage::{Storage, poster_path};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::sync::{Mutex, MutexGuard};

use super::subprocess::Limits;
use super::{Programs, ffmpeg, hls, subprocess};

/// Maximum size of a poster, and of the output of `ffprobe`, in bytes.
const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;

/// Largest video that is copied from remote storage to be inspected, in bytes.
const MAX_COPY_BYTES: u64 = 1024 * 1024 * 1024;

/// Assumed duration of a video whose duration is unknown, for its spritesheet.
const UNKNOWN_DURATION_MS: i64 = 10_000;

/// Inspects videos, if `ffmpeg` and `ffprobe` are present.
pub(crate) struct Inspector {
    programs: Option<(PathBuf, PathBuf)>,
    sender: UnboundedSender<VideoId>,
    receiver: Mutex<UnboundedReceiver<VideoId>>,
    sheets: (Sender<VideoId>, Mutex<Receiver<VideoId>>),
}

/// Maximum number of requests for spritesheets that wait. More are dropped; their clients ask again.
const MAX_SHEET_REQUESTS: usize = 64;

/// Why a video could not be inspected for now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database returned an error.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The storage could not be read or written.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// There is no space for a copy, or a program could not be started.
    #[error("could not inspect a video on this machine: {0}")]
    Local(#[from] std::io::Error),
}

impl Inspector {
    /// Looks for the programs, and logs a warning if one is missing.
    pub(crate) async fn detect(names: &Programs) -> Self {
        let (sender, receiver) = unbounded_channel();
        let found = (subprocess::find(&names.ffmpeg).await, subprocess::find(&names.ffprobe).await);
        let programs = if let (Some(ffmpeg), Some(ffprobe)) = found {
            subprocess::deny_process_inspection();
            Some((ffmpeg, ffprobe))
        } else {
            tracing::warn!("ffmpeg or ffprobe is missing; videos get no posters (FFMPEG, FFPROBE)");
            None
        };
        let (sheet_sender, sheet_receiver) = channel(MAX_SHEET_REQUESTS);
        let sheets = (sheet_sender, Mutex::new(sheet_receiver));
        Self { programs, sender, receiver: Mutex::new(receiver), sheets }
    }

    /// Whether videos get posters.
    pub(crate) fn is_available(&self) -> bool {
        self.programs.is_some()
    }

    /// Whether a stored file surely is no video, although it looks like one from outside: `ffprobe` reads it, and finds no
    /// pictures. False where that is unknown: without `ffprobe`, or if the storage is not on this machine.
    ///
    /// # Errors
    /// `ffprobe` cannot be started.
    pub(crate) async fn lacks_pictures(&self, storage: &Storage, path: &str, content_type: &str) -> io::Result<bool> {
        let (Some((_, ffprobe)), Some(demuxer), Some(file)) =
            (&self.programs, ffmpeg::demuxer(content_type), storage.local_path(path))
        else {
            return Ok(false);
        };
        let limits = Limits::reading(MAX_OUTPUT_BYTES);
        let output = subprocess::run(ffprobe, &ffmpeg::probe_arguments(demuxer, &file), limits).await?;
        Ok(output.is_some_and(|output| ffmpeg::has_no_video_stream(&output)))
    }

    /// Joins the local files of an HLS playlist to one MP4 in `folder`, of at most `max_bytes`. `None` if that fails.
    ///
    /// # Errors
    /// ffmpeg is missing or cannot be started.
    pub(crate) async fn join(
        &self,
        playlist: &LocalPlaylist,
        folder: &Path,
        max_bytes: u64,
    ) -> io::Result<Option<PathBuf>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "ffmpeg is missing (FFMPEG)");
        let (ffmpeg, _) = self.programs.as_ref().ok_or_else(missing)?;
        hls::join(ffmpeg, playlist, folder, max_bytes).await
    }

    /// Announces a new video.
    pub(crate) fn enqueue(&self, video: VideoId) {
        self.sender.send(video).ok();
    }

    /// The new videos to inspect.
    pub(crate) async fn pending(&self) -> MutexGuard<'_, UnboundedReceiver<VideoId>> {
        self.receiver.lock().await
    }

    /// Asks for the spritesheet of a video.
    pub(crate) fn request_spritesheet(&self, video: VideoId) {
        if self.is_available() {
            self.sheets.0.try_send(video).ok();
        }
    }

    /// The videos whose spritesheets are asked for.
    pub(crate) async fn sheet_requests(&self) -> MutexGuard<'_, Receiver<VideoId>> {
        self.sheets.1.lock().await
    }

    /// Stores the spritesheet of a video beside it. Returns false if it cannot be made.
    ///
    /// # Errors
    /// [`Error`]; it may succeed later.
    pub(crate) async fn make_spritesheet(&self, storage: &Storage, video: &Model) -> Result<bool, Error> {
        let (Some((ffmpeg, _)), Some(demuxer), Some(path)) =
            (&self.programs, ffmpeg::demuxer(&video.content_type), video.spritesheet_path())
        else {
            return Ok(false);
        };
        let folder = tempfile::tempdir()?;
        let Some(file) = local_file(storage, video, &folder).await? else { return Ok(false) };
        let arguments = ffmpeg::sheet_arguments(demuxer, &file, video.duration_ms.unwrap_or(UNKNOWN_DURATION_MS));
        let sheet = subprocess::run(ffmpeg, &arguments, Limits::reading(MAX_OUTPUT_BYTES)).await?;
        match sheet.filter(|sheet| is_jpeg(sheet)) {
            Some(sheet) => store(storage, &path, sheet).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Reads a video's size and length and stores a poster beside it. Returns `None` if the programs are missing.
    ///
    /// # Errors
    /// [`Error`]; the inspection should be tried again.
    pub(crate) async fn inspect(&self, storage: &Storage, video: &Model) -> Result<Option<MediaInfo>, Error> {
        match &self.programs {
            Some((ffmpeg, ffprobe)) => inspect(storage, video, ffmpeg, ffprobe).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn inspect(storage: &Storage, video: &Model, ffmpeg: &Path, ffprobe: &Path) -> Result<MediaInfo, Error> {
    let Some(demuxer) = ffmpeg::demuxer(&video.content_type) else { return Ok(MediaInfo::default()) };
    let folder = tempfile::tempdir()?;
    let Some(file) = local_file(storage, video, &folder).await? else { return Ok(MediaInfo::default()) };
    let output =
        subprocess::run(ffprobe, &ffmpeg::probe_arguments(demuxer, &file), Limits::reading(MAX_OUTPUT_BYTES)).await?;
    let mut info = output.and_then(|output| ffmpeg::parse_probe(&output)).unwrap_or_default();
    for at in [info.duration_ms.unwrap_or(0) / 10, 0] {
        let arguments = ffmpeg::still_arguments(demuxer, &file, at);
        let still = subprocess::run(ffmpeg, &arguments, Limits::reading(MAX_OUTPUT_BYTES)).await?;
        if let Some(still) = still.filter(|still| is_jpeg(still)) {
            let path = poster_path(&video.path);
            store(storage, &path, still).await?;
            info.poster_path = Some(path);
            break;
        }
    }
    Ok(info)
}

fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}

async fn store(storage: &Storage, path: &str, jpeg: Vec<u8>) -> Result<(), Error> {
    let content = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(jpeg))]);
    storage.put(path, content).await.map(drop).map_err(|error| match error {
        storage::PutError::Storage(error) => error.into(),
        storage::PutError::Source(never) => match never {},
    })
}

/// The video as a local file: in place, or copied into `folder`. `None` if it is too large to copy.
async fn local_file(storage: &Storage, video: &Model, folder: &TempDir) -> Result<Option<PathBuf>, Error> {
    if let Some(path) = storage.local_path(&video.path) {
        tokio::fs::metadata(&path).await?;
        return Ok(Some(path));
    }
    if u64::try_from(video.size).is_ok_and(|size| size > MAX_COPY_BYTES) {
        return Ok(None);
    }
    let path = folder.path().join("video");
    let mut file = File::create(&path).await?;
    let mut content = storage.get(&video.path, None).await?.bytes;
    while let Some(chunk) = futures::TryStreamExt::try_next(&mut content).await? {
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(Some(path))
}
