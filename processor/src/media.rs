//! A look inside a stored video, after its job has completed: its size as played, its length, a still for its poster.
//!
//! The files come from outside, so whatever reads them is confined ([`program`]). Without `ffmpeg` and `ffprobe` videos
//! have no posters, and nothing else changes. What was not looked into, because a processor died or the storage was full,
//! is found again by `housekeeping`.

mod program;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use entity::video::{MediaInfo, Model};
use entity::{DbErr, VideoId};
use futures::stream;
use serde_json::Value;
use storage::{Storage, poster_path};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, MutexGuard};

/// Longest side of a poster, in pixels.
const MAX_POSTER_SIDE: u32 = 1280;

/// Most bytes of a poster, and of what is output of a video.
const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;

/// Largest video that is copied out of a storage elsewhere to be looked into.
const MAX_COPY_BYTES: u64 = 1024 * 1024 * 1024;

/// The names of the programs.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Makes posters.
    pub ffmpeg: String,
    /// Tells size and length.
    pub ffprobe: String,
}

/// Looks inside videos, one at a time.
pub(crate) struct Inspector {
    programs: Option<(PathBuf, PathBuf)>,
    sender: UnboundedSender<VideoId>,
    receiver: Mutex<UnboundedReceiver<VideoId>>,
}

impl Inspector {
    /// Looks for the programs; says once when they are not there.
    pub(crate) async fn detect(names: &Programs) -> Self {
        let (sender, receiver) = unbounded_channel();
        let found = (program::find(&names.ffmpeg).await, program::find(&names.ffprobe).await);
        let programs = if let (Some(ffmpeg), Some(ffprobe)) = found {
            program::deny_process_inspection();
            Some((ffmpeg, ffprobe))
        } else {
            tracing::warn!("ffmpeg or ffprobe is missing: videos get no posters (FFMPEG, FFPROBE)");
            None
        };
        Self { programs, sender, receiver: Mutex::new(receiver) }
    }

    /// Whether videos get posters.
    pub(crate) fn is_available(&self) -> bool {
        self.programs.is_some()
    }

    /// A video is there to be looked into.
    pub(crate) fn enqueue(&self, video: VideoId) {
        self.sender.send(video).ok();
    }

    /// Reads a video's size and length and stores a poster beside it; `None` without the programs.
    ///
    /// # Errors
    /// [`Error`]; the inspection should be tried again.
    pub(crate) async fn inspect(&self, storage: &Storage, video: &Model) -> Result<Option<MediaInfo>, Error> {
        match &self.programs {
            Some((ffmpeg, ffprobe)) => facts(storage, video, ffmpeg, ffprobe).await.map(Some),
            None => Ok(None),
        }
    }

    /// What is to be looked into.
    pub(crate) async fn pending(&self) -> MutexGuard<'_, UnboundedReceiver<VideoId>> {
        self.receiver.lock().await
    }
}

/// Why a video could not be looked into for now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The storage takes or gives nothing.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// There is no room for a copy, or a program cannot be started.
    #[error("this machine cannot look into videos: {0}")]
    Local(#[from] std::io::Error),
}

async fn facts(storage: &Storage, video: &Model, ffmpeg: &Path, ffprobe: &Path) -> Result<MediaInfo, Error> {
    let Some(demuxer) = demuxer(&video.content_type) else { return Ok(MediaInfo::default()) };
    let folder = tempfile::tempdir()?;
    let Some(file) = local_file(storage, video, &folder).await? else { return Ok(MediaInfo::default()) };
    let output = program::run(ffprobe, &ffprobe_arguments(demuxer, &file), MAX_OUTPUT_BYTES).await?;
    let mut facts = output.and_then(|output| parse_ffprobe(&output)).unwrap_or_default();
    for at in [facts.duration_ms.unwrap_or(0) / 10, 0] {
        let still = program::run(ffmpeg, &ffmpeg_arguments(demuxer, &file, at), MAX_OUTPUT_BYTES).await?;
        if let Some(still) = still.filter(|still| still.starts_with(&[0xff, 0xd8, 0xff])) {
            let path = poster_path(&video.path);
            let content = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(still))]);
            storage.put(&path, content).await.map_err(|error| match error {
                storage::PutError::Storage(error) => error,
                storage::PutError::Source(never) => match never {},
            })?;
            facts.poster_path = Some(path);
            break;
        }
    }
    Ok(facts)
}

/// The video as a file: where it lies, or a copy.
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

/// What reads a file of this type, so that the file itself does not choose.
fn demuxer(content_type: &str) -> Option<&'static str> {
    match content_type {
        "video/mp4" | "video/quicktime" => Some("mov"),
        "video/webm" => Some("matroska"),
        _ => None,
    }
}

/// What is asked of `ffprobe`.
fn ffprobe_arguments(demuxer: &str, file: &Path) -> Vec<String> {
    let what = "stream=width,height:stream_side_data=rotation:format=duration";
    let mut arguments = split("-v error -protocol_whitelist file -f");
    arguments.push(demuxer.to_owned());
    arguments.extend(split("-select_streams v:0 -of json -show_entries"));
    arguments.extend([what.to_owned(), "-i".to_owned(), format!("file:{}", file.display())]);
    arguments
}

/// What is asked of `ffmpeg`: one frame, `at` milliseconds from the beginning.
fn ffmpeg_arguments(demuxer: &str, file: &Path, at: i64) -> Vec<String> {
    let scale =
        format!("scale='min({MAX_POSTER_SIDE},iw)':'min({MAX_POSTER_SIDE},ih)':force_original_aspect_ratio=decrease");
    let mut arguments = split("-nostdin -v error -threads 1 -protocol_whitelist file -f");
    arguments.extend([demuxer.to_owned(), "-ss".to_owned(), format!("{at}ms"), "-i".to_owned()]);
    arguments.push(format!("file:{}", file.display()));
    arguments.extend(split("-map 0:v:0 -frames:v 1 -map_metadata -1 -vf"));
    arguments.push(scale);
    arguments.extend(split("-c:v mjpeg -q:v 4 -f image2pipe pipe:1"));
    arguments
}

fn split(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}

/// Size and length out of what `ffprobe` tells.
fn parse_ffprobe(output: &[u8]) -> Option<MediaInfo> {
    let output: Value = serde_json::from_slice(output).ok()?;
    let stream = &output["streams"][0];
    let side = |name: &str| stream[name].as_i64().and_then(|side| i32::try_from(side).ok()).filter(|side| *side > 0);
    let turned = stream["side_data_list"].as_array().into_iter().flatten().find_map(|data| data["rotation"].as_i64());
    let (width, height) = match turned.map(|degrees| degrees.rem_euclid(180)) {
        Some(90) => (side("height"), side("width")),
        _ => (side("width"), side("height")),
    };
    let seconds = output["format"]["duration"].as_str().and_then(|seconds| seconds.parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and what is left is judged")]
    let duration_ms = seconds.map(|seconds| (seconds * 1_000.0) as i64).filter(|ms| (1..86_400_000).contains(ms));
    Some(MediaInfo { poster_path: None, width, height, duration_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_and_length_as_played() {
        let output = br#"{"streams":[{"width":1280,"height":720,"side_data_list":[{"rotation":-90}]}],"format":{"duration":"5.040000"}}"#;
        let facts = parse_ffprobe(output).unwrap();
        assert_eq!((facts.width, facts.height, facts.duration_ms), (Some(720), Some(1280), Some(5_040)));
        let plain = parse_ffprobe(br#"{"streams":[{"width":640,"height":360}],"format":{}}"#).unwrap();
        assert_eq!((plain.width, plain.height, plain.duration_ms), (Some(640), Some(360), None));
        let nonsense = parse_ffprobe(br#"{"streams":[],"format":{"duration":"1e300"}}"#).unwrap();
        assert_eq!(nonsense, MediaInfo::default());
        assert_eq!(parse_ffprobe(b""), None);
    }
}
