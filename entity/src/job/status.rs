//! The enumerations of a job's row.

use sea_orm::Iterable;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waiting for its turn or for its next attempt.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Claimed by a worker.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// The video is stored.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Finished without a video.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Cancelled by its owner.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl Status {
    /// The states of a job that will still change.
    pub(crate) const UNFINISHED: [Self; 2] = [Self::Pending, Self::Processing];

    /// The terminal states.
    pub(crate) const TERMINAL: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// Its name, as the API and the events spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::iter().find(|status| status.as_str() == name)
    }

    /// Whether the job has finished, with or without a video.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        Self::TERMINAL.contains(&self)
    }
}

/// What a job that has not finished is doing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Pending until `next_attempt_at`.
    #[sea_orm(string_value = "retrying")]
    Retrying,
    /// The request is on its way to the upstream.
    #[sea_orm(string_value = "submitting")]
    Submitting,
    /// The upstream accepted the request and has not started.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// The upstream is generating the video.
    #[sea_orm(string_value = "generating")]
    Generating,
    /// The result is being downloaded.
    #[sea_orm(string_value = "downloading")]
    Downloading,
}

impl Phase {
    /// Its name, as the API and the metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Submitting => "submitting",
            Self::Queued => "queued",
            Self::Generating => "generating",
            Self::Downloading => "downloading",
        }
    }
}

/// The orientation of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// Wider than high.
    #[sea_orm(string_value = "landscape")]
    Landscape,
    /// Higher than wide.
    #[sea_orm(string_value = "portrait")]
    Portrait,
}

impl Orientation {
    /// Its name, as the API and the upstream's model names spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landscape => "landscape",
            Self::Portrait => "portrait",
        }
    }
}
