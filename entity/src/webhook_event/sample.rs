//! The job of test events. It is in no table.

use super::EventType;
use crate::job::{Model, Orientation, Status};
use crate::{UserId, clock, id};

/// Returns a job that ended just now as `kind` says.
pub(super) fn job(kind: EventType, user_id: UserId) -> Model {
    let now = clock::system_ms();
    let (status, progress) = match kind {
        EventType::Completed => (Status::Completed, 100),
        EventType::Failed => (Status::Failed, 40),
        EventType::Cancelled => (Status::Cancelled, 40),
    };
    let failed = |text: &str| (status == Status::Failed).then(|| text.to_owned());
    Model {
        id: id::new_id(),
        user_id,
        prompt: "A test of this webhook".into(),
        orientation: Orientation::Landscape,
        seconds: 10,
        model: "test".into(),
        size: "1280x720".into(),
        remix_of: None,
        reference_image_id: None,
        status,
        phase: None,
        progress,
        seq: 9,
        epoch: 1,
        worker_id: None,
        retries: 0,
        resubmits: 0,
        fetches: 0,
        crashes: 0,
        attempts_from: 1,
        cancel_requested_at: (status == Status::Cancelled).then_some(now),
        next_attempt_at: None,
        video_id: (status == Status::Completed).then(id::new_id),
        has_poster: false,
        error_code: failed("refused"),
        error_message: failed("This is a test."),
        may_have_been_charged: false,
        traceparent: None,
        created_at: now - 60_000,
        started_at: Some(now - 50_000),
        finished_at: Some(now),
    }
}
