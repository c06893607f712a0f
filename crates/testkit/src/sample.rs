//! Rows for unit tests that need no database.

use entity::id::new_id;
use entity::job::{self, Orientation, Status};

/// Returns a job in its first processing run.
#[must_use]
pub fn sample_job() -> job::Model {
    job::Model {
        id: new_id(),
        user_id: new_id(),
        prompt: "a sunset".into(),
        orientation: Orientation::Landscape,
        seconds: 10,
        model: "sora2".into(),
        size: "1280x720".into(),
        remix_of: None,
        reference_image_id: None,
        status: Status::Processing,
        phase: None,
        progress: 0,
        seq: 1,
        epoch: 1,
        worker_id: None,
        retries: 0,
        resubmits: 0,
        fetches: 0,
        crashes: 0,
        attempts_from: 1,
        cancel_requested_at: None,
        next_attempt_at: None,
        video_id: None,
        has_poster: false,
        error_code: None,
        error_message: None,
        may_have_been_charged: false,
        traceparent: None,
        created_at: 0,
        started_at: None,
        finished_at: None,
    }
}
