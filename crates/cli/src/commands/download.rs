//! `download`: the file appears under its name only when it is complete. A transfer that breaks goes on where it broke.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use tokio::fs::{self, File};
use tokio::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::api::{Api, Job, Status};
use crate::arguments::Download;
use crate::commands::interruptible;
use crate::error::Error;
use crate::output::{json_line, line};

/// How often a transfer that makes no progress is started again.
const MAX_ATTEMPTS: u32 = 5;

/// Downloads a video.
///
/// # Errors
/// It has not been completed, or the file cannot be written.
pub(super) async fn download(api: &Api, options: Download, as_json: bool) -> Result<(), Error> {
    let job = api.job(&options.video).await?;
    job.require_success()?;
    let path = match options.output {
        Some(path) => path,
        None => PathBuf::from(format!("{}.{}", job.known.id, extension(api, &job).await?)),
    };
    require_writable(&path, options.force)?;
    let interrupted = "Interrupted. Nothing was saved.".to_owned();
    let size = interruptible(save(api, &job, &path), interrupted).await?;
    if path == Path::new("-") {
        return Ok(());
    }
    if as_json {
        json_line(&json!({"id": job.known.id, "file": path, "size": size}));
    } else {
        line(&path.display().to_string());
    }
    Ok(())
}

/// Requires that a file can be made there, and that there is none, unless it may be overwritten.
///
/// # Errors
/// There is a file, or no folder.
pub(super) fn require_writable(path: &Path, overwrite: bool) -> Result<(), Error> {
    if path == Path::new("-") {
        return Ok(());
    }
    if path.is_dir() || (path.exists() && !overwrite) {
        return Err(Error::Usage(format!(
            "{} exists. Choose another name, or overwrite it with --force.",
            path.display()
        )));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = tempfile_in(folder, path);
    std::fs::File::create(&probe).map_err(|cause| Error::File(probe.clone(), cause))?;
    std::fs::remove_file(&probe).map_err(|cause| Error::File(probe.clone(), cause))
}

/// Writes the file of a completed video, and returns its size in bytes.
///
/// # Errors
/// The video is not completed, the transfer breaks again and again, or the file cannot be written.
pub(super) async fn save(api: &Api, job: &Job, path: &Path) -> Result<u64, Error> {
    let (Status::Completed, Some(video)) = (job.known.status, &job.known.video_id) else {
        return Err(Error::Usage(format!("The video {} is not finished. Wait for it: sora wait {0}", job.known.id)));
    };
    if path == Path::new("-") {
        return transfer(api, video, &mut tokio::io::stdout(), path).await;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = Partial(tempfile_in(folder, path));
    let failed = |cause| Error::File(path.to_owned(), cause);
    let mut file = File::create(&partial.0).await.map_err(failed)?;
    let size = transfer(api, video, &mut file, path).await?;
    file.seek(SeekFrom::Start(0)).await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    fs::rename(&partial.0, path).await.map_err(failed)?;
    Ok(size)
}

/// A file that is deleted when its transfer has failed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tempfile_in(folder: &Path, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder.join(format!(".{name}.{}.part", std::process::id()))
}

async fn transfer(api: &Api, video: &str, target: &mut (impl AsyncWrite + Unpin), path: &Path) -> Result<u64, Error> {
    let url = format!("api/videos/{video}/content");
    let (mut written, mut attempt) = (0, 1);
    loop {
        let request = || Ok(api.request(Method::GET, &url)?.header(header::RANGE, format!("bytes={written}-")));
        let response = api.send(request).await?;
        // Unknown if a proxy has left out the length.
        let total = match response.status() {
            StatusCode::PARTIAL_CONTENT => range_total(response.headers()),
            // The whole file, which is right only at the beginning.
            _ if written == 0 => response.content_length(),
            status => return Err(Error::Unreachable(format!("it answered a range with status {status}"))),
        };
        let before = written;
        let mut chunks = response.bytes_stream();
        let mut broken = None;
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(bytes) => {
                    target.write_all(&bytes).await.map_err(|cause| Error::File(path.to_owned(), cause))?;
                    written += bytes.len() as u64;
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        if total.map_or(broken.is_none(), |total| written >= total) {
            target.flush().await.map_err(|cause| Error::File(path.to_owned(), cause))?;
            return Ok(written);
        }
        attempt = if written > before { 1 } else { attempt + 1 };
        if attempt > MAX_ATTEMPTS {
            return Err(broken.map_or_else(|| Error::Unreachable("the file ended early".into()), Error::from));
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the size of the whole file, as `Content-Range` has it.
fn range_total(headers: &header::HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
}

/// Returns the usual extension of the video's type.
async fn extension(api: &Api, job: &Job) -> Result<&'static str, Error> {
    let Some(video) = &job.known.video_id else { return Ok("mp4") };
    let video: serde_json::Value = api.get(&format!("api/videos/{video}")).await?;
    Ok(match video["contentType"].as_str() {
        Some("video/webm") => "webm",
        Some("video/quicktime") => "mov",
        _ => "mp4",
    })
}
