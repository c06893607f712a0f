//! Values for the document's examples.

use entity::api_key::{self, Scope};
use entity::id::Id;
use entity::job::{self, Eta, Orientation, Status};
use entity::user::Role;
use entity::{attempt, audit, image, session, user, video};
use uuid::Uuid;

use crate::health::{Alive, Readiness};

/// Some instant.
pub(super) const NOW: &str = "2026-01-31T12:00:00.000Z";
/// Another one, a week later.
pub(super) const LATER: &str = "2026-02-07T12:00:00.000Z";

/// Somebody.
pub(super) const USER: u128 = 0x0193_0000_0000_7000_8000_0000_0000_0001;
/// A link.
pub(super) const SHARE: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0007);
const JOB: u128 = 0x0193_0000_0000_7000_8000_0000_0000_0002;
const IMAGE: u128 = 0x0193_0000_0000_7000_8000_0000_0000_0008;
const VIDEO: u128 = 0x0193_0000_0000_7000_8000_0000_0000_0003;

pub(super) fn id<Kind>(id: impl Into<Number>) -> Id<Kind> {
    Uuid::from_u128(id.into().0).into()
}

/// An id as a number.
pub(super) struct Number(u128);

impl From<u128> for Number {
    fn from(id: u128) -> Self {
        Self(id)
    }
}

impl From<Uuid> for Number {
    fn from(id: Uuid) -> Self {
        Self(id.as_u128())
    }
}

pub(super) fn user() -> user::View {
    let (email, name) = ("ada@example.org".into(), Some("Ada".into()));
    user::View { id: id(USER), email, name, role: Role::User, created_at: NOW.into() }
}

pub(super) fn session() -> session::View {
    session::View {
        id: id(0x0193_0000_0000_7000_8000_0000_0000_0004),
        created_at: NOW.into(),
        last_seen_at: Some(NOW.into()),
        expires_at: LATER.into(),
        user_agent: Some("curl/8.5.0".into()),
        current: true,
    }
}

pub(super) fn key() -> api_key::View {
    api_key::View {
        id: id(0x0193_0000_0000_7000_8000_0000_0000_0005),
        name: "nightly render".into(),
        scopes: vec![Scope::Read, Scope::Create],
        created_at: NOW.into(),
        last_used_at: None,
    }
}

pub(super) fn act() -> audit::View {
    audit::View {
        id: id(0x0193_0000_0000_7000_8000_0000_0000_0006),
        at: NOW.into(),
        actor: "admin@example.org".into(),
        action: "user.disabled".into(),
        target: Some("ada@example.org".into()),
    }
}

pub(super) fn waiting() -> job::View {
    job::View {
        id: id(JOB),
        status: Status::Pending,
        phase: None,
        progress: 0,
        seq: 1,
        prompt: "A paper boat drifts down a rainy street".into(),
        orientation: Orientation::Portrait,
        seconds: 10,
        model: "sora2".into(),
        size: "720x1280".into(),
        remix_of: None,
        reference_image_id: None,
        video_id: None,
        has_poster: false,
        eta_seconds: Some(Eta { p50: 95, p90: 160 }),
        queue_position: Some(3),
        retries: 0,
        resubmits: 0,
        cancelling: false,
        next_attempt_at: None,
        error_code: None,
        error_message: None,
        may_have_been_charged: false,
        created_at: NOW.into(),
        started_at: None,
        finished_at: None,
    }
}

pub(super) fn completed() -> job::View {
    job::View {
        status: Status::Completed,
        progress: 100,
        seq: 9,
        video_id: Some(id(VIDEO)),
        has_poster: true,
        eta_seconds: None,
        queue_position: None,
        started_at: Some(NOW.into()),
        finished_at: Some(NOW.into()),
        ..waiting()
    }
}

pub(super) fn video() -> video::View {
    let (size, content_type) = (1_048_576, "video/mp4".into());
    video::View {
        id: id(VIDEO),
        job_id: id(JOB),
        size,
        content_type,
        width: Some(720),
        height: Some(1280),
        duration_ms: Some(10_000),
        has_poster: true,
        created_at: NOW.into(),
    }
}

pub(super) fn image() -> image::View {
    let content_type = "image/png".into();
    image::View { id: id(IMAGE), content_type, size: 245_760, width: 1280, height: 720, created_at: NOW.into() }
}

pub(super) fn alive() -> Alive {
    Alive { status: "alive" }
}

pub(super) fn readiness(status: &'static str) -> Readiness {
    let database = if status == "ready" { "up" } else { "down" };
    Readiness { status, database, redis: "up", storage: "up" }
}

pub(super) fn attempt() -> attempt::View {
    attempt::View {
        number: 1,
        sent_at: NOW.into(),
        accepted_at: Some(NOW.into()),
        finished_at: Some(NOW.into()),
        outcome: Some("completed".into()),
        may_have_been_charged: true,
    }
}
