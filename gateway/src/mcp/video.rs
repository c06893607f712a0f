//! Results: a video as an assistant sees it, with what to do next.

use entity::clock::rfc3339;
use entity::job::{Status, View};
use entity::video;
use entity::{JobId, VideoId};
use rmcp::model::{CallToolResult, ContentBlock, Resource};
use serde::Serialize;
use serde_json::json;

use crate::auth::Principal;
use crate::error::ApiError;
use crate::live::follow::RETRY_AFTER;
use crate::state::Gateway;
use crate::videos::file_links::{FileLink, file_link};

/// A video, finished or not.
#[derive(Serialize)]
pub(super) struct Video {
    id: JobId,
    status: Status,
    /// Percentage.
    progress: i32,
    prompt: String,
    model: String,
    seconds: i32,
    size: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u64>,
    /// Within how many seconds from its start half of such videos are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual_seconds_to_generate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    may_have_been_charged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File>,
    next_step: &'static str,
}

/// The file of a finished video.
#[derive(Serialize)]
struct File {
    url: String,
    url_expires_at: String,
    content_type: String,
    size_bytes: u64,
}

impl Video {
    /// Describes a job.
    pub(super) fn new(job: View) -> Self {
        Self {
            next_step: next_step(&job),
            id: job.id,
            status: job.status,
            progress: job.progress,
            prompt: job.prompt,
            model: job.model,
            seconds: job.seconds,
            size: job.size,
            created_at: job.created_at,
            queue_position: job.queue_position,
            usual_seconds_to_generate: job.eta_seconds.map(|eta| eta.p50),
            error_code: job.error_code,
            error_message: job.error_message,
            may_have_been_charged: job.may_have_been_charged,
            file: None,
        }
    }

    /// Describes a job of `principal`, with a link to its file.
    pub(super) async fn with_file(gateway: &Gateway, principal: Principal, job: View) -> Result<Self, ApiError> {
        let video = job.video_id;
        let described = Self::new(job);
        let file = match video {
            Some(video) => linked(gateway, principal, video).await?,
            None => None,
        };
        Ok(Self { file, ..described })
    }

    /// The link to the file, for clients that show such links.
    fn link(&self) -> Option<ContentBlock> {
        let file = self.file.as_ref()?;
        let resource = Resource::new(&file.url, format!("{}.mp4", self.id))
            .with_title("Generated video")
            .with_mime_type(&file.content_type)
            .with_size(file.size_bytes);
        Some(ContentBlock::resource_link(resource))
    }
}

/// Returns one video.
pub(super) fn one(video: &Video) -> CallToolResult {
    let mut result = CallToolResult::structured(json!(video));
    result.content.extend(video.link());
    result
}

/// Refuses to wait: an assistant that takes the state for the result of a wait would call again at once.
pub(super) fn not_waited() -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(format!(
        "Too many requests are waiting for videos already, so this call has not waited. Call wait_for_video again in \
         {RETRY_AFTER} seconds, or wait for fewer videos at a time. get_video returns the state of a video at once."
    ))])
}

/// Returns the videos of one call of `generate_video`.
pub(super) fn generated(videos: &[Video], replayed: bool, waited: bool) -> CallToolResult {
    let mut note = match replayed {
        true => {
            "An equal call was made before: these are its videos, and nothing was started. For further videos of the same \
             description, pass an idempotency_key that was not used before."
        }
        false => "Started.",
    }
    .to_owned();
    if !waited {
        note.push_str(&format!(
            " This call has not waited, because too many requests are waiting for videos already. Call wait_for_video in \
             {RETRY_AFTER} seconds."
        ));
    }
    let mut result = CallToolResult::structured(json!({"videos": videos, "already_existed": replayed, "note": note}));
    result.content.extend(videos.iter().filter_map(Video::link));
    result
}

/// Returns a page of videos.
pub(super) fn page(videos: &[Video], next_cursor: Option<JobId>) -> CallToolResult {
    let mut page = json!({"videos": videos});
    if let Some(cursor) = next_cursor {
        page["next_cursor"] = json!(cursor);
    }
    CallToolResult::structured(page)
}

async fn linked(gateway: &Gateway, principal: Principal, id: VideoId) -> Result<Option<File>, ApiError> {
    let Some(video) = video::of_user(&gateway.db, id, principal.user).await? else { return Ok(None) };
    let FileLink { url, expires_at } = file_link(gateway, principal, id)?;
    let size_bytes = u64::try_from(video.size).unwrap_or_default();
    Ok(Some(File { url, url_expires_at: rfc3339(expires_at), content_type: video.content_type, size_bytes }))
}

fn next_step(job: &View) -> &'static str {
    match job.status {
        Status::Pending | Status::Processing => {
            "Not finished: call wait_for_video with this id, again until it has ended. Do not call generate_video for it \
             again."
        }
        Status::Completed => {
            "Finished: get_video returns a link to the file. The link needs no credentials and expires; get_video makes a \
             new one."
        }
        Status::Failed => {
            "Failed. Tell the user why. A new try may cost money: start one only if the user agrees, with generate_video and \
             an idempotency_key that was not used before."
        }
        Status::Cancelled => "Cancelled. It does not go on.",
    }
}
