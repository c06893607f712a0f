//! Webhook events: what a program is told when a job ends, in the form that OpenAI's SDKs read.
//!
//! The payload is written once, when the job ends, and sent unchanged with every attempt.

mod sample;

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::new_id;
use crate::job::{self, CompatibleVideo, Status};
use crate::{UserId, WebhookEventId};

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum EventType {
    /// The job has its video.
    #[sea_orm(string_value = "video.completed")]
    #[serde(rename = "video.completed")]
    Completed,
    /// The job finished without a video.
    #[sea_orm(string_value = "video.failed")]
    #[serde(rename = "video.failed")]
    Failed,
    /// The job was cancelled.
    #[sea_orm(string_value = "video.cancelled")]
    #[serde(rename = "video.cancelled")]
    Cancelled,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// The event of a job in this state; `None` if the job has not finished.
    fn of(status: Status) -> Option<Self> {
        match status {
            Status::Pending | Status::Processing => None,
            Status::Completed => Some(Self::Completed),
            Status::Failed => Some(Self::Failed),
            Status::Cancelled => Some(Self::Cancelled),
        }
    }

    /// Its name, as payloads spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "video.completed",
            Self::Failed => "video.failed",
            Self::Cancelled => "video.cancelled",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The id of an event as payloads and the header `webhook-id` spell it.
#[must_use]
pub fn public_id(id: WebhookEventId) -> String {
    format!("evt_{}", id.simple())
}

/// An event with its payload.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: WebhookEventId,
    pub(crate) kind: EventType,
    pub(crate) payload: String,
}

#[derive(Serialize)]
struct Payload {
    id: String,
    object: &'static str,
    /// Seconds since 1970.
    created_at: i64,
    #[serde(rename = "type")]
    kind: EventType,
    /// Present in test events only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    video: CompatibleVideo,
    job: job::View,
}

impl Event {
    /// The event of a job in its committed state; `None` if it has not finished.
    pub(crate) fn of(job: &job::Model) -> Result<Option<Self>, DbErr> {
        EventType::of(job.status).map(|kind| Self::new(kind, job, false)).transpose()
    }

    /// A test event about a job that does not exist.
    pub(crate) fn test(kind: EventType, user: UserId) -> Result<Self, DbErr> {
        Self::new(kind, &sample::job(kind, user), true)
    }

    fn new(kind: EventType, job: &job::Model, test: bool) -> Result<Self, DbErr> {
        let (id, view) = (new_id(), job::View::from(job.clone()));
        let payload = Payload {
            id: public_id(id),
            object: "event",
            created_at: job.finished_at.unwrap_or_default() / 1_000,
            kind,
            test,
            data: Data { video: view.clone().into(), job: view },
        };
        let payload = serde_json::to_string(&payload).map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(Self { id, kind, payload })
    }
}
