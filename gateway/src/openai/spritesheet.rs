//! Spritesheets: made by a processor when they are first asked for, kept beside the video.

use std::time::Duration;

use axum::http::request::Parts;
use axum::response::Response;
use bus::Control;
use entity::video::Model;
use tokio::time::{Instant, sleep, timeout};

use crate::error::ApiError;
use crate::state::Gateway;
use crate::videos::content::{Picture, send_picture};

/// How long a request waits for a processor.
const WAIT: Duration = Duration::from_secs(20);

/// Interval at which the storage is asked until then.
const INTERVAL: Duration = Duration::from_millis(500);

/// Returns the spritesheet of a video. Asks a processor to make it if it does not exist yet.
///
/// # Errors
/// [`ApiError::NoSpritesheet`] if no processor could read the video, because of its content or because `ffmpeg` is missing.
pub(super) async fn send(gateway: &Gateway, video: &Model, request: &Parts) -> Result<Response, ApiError> {
    let path = video.spritesheet_path().ok_or(ApiError::NoSpritesheet)?;
    let deadline = Instant::now() + WAIT;
    let mut is_requested = false;
    loop {
        let name = format!("sora-{}-spritesheet.jpg", video.id);
        let sheet = Picture { path: &path, kind: "spritesheet", name };
        if let Some(response) = send_picture(gateway, video, sheet, request).await? {
            return Ok(response);
        }
        if !is_requested {
            ask(gateway, video).await?;
            is_requested = true;
        }
        if Instant::now() >= deadline {
            return Err(ApiError::busy("no processor made the spritesheet in time"));
        }
        sleep(INTERVAL).await;
    }
}

async fn ask(gateway: &Gateway, video: &Model) -> Result<(), ApiError> {
    let request = Control::SpritesheetRequested { video: video.id };
    let asked = timeout(gateway.config.http.timeouts.enqueue, gateway.bus.send_control(&request)).await;
    asked.map_err(ApiError::unavailable)?.map_err(ApiError::unavailable)
}
