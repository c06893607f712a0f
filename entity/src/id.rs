//! Typed identifiers: `UUIDv7`, so that their order is the order of creation.

use derive_more::{Display, From, FromStr, Into};
use sea_orm::prelude::Uuid;
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};

/// A new identifier of any kind.
#[must_use]
pub fn fresh<Id: From<Uuid>>() -> Id {
    Uuid::now_v7().into()
}

/// An account.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

/// A sign-in; the `jti` of its token.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

/// A job: one video that somebody asked for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

/// An attempt: one request sent to the upstream for a job.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct AttemptId(pub Uuid);

/// A stored video.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct VideoId(pub Uuid);

/// A life of a processor: a process that was buried goes on under a new one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    From,
    FromStr,
    Into,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

impl TryFromU64 for UserId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

impl TryFromU64 for SessionId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

impl TryFromU64 for JobId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

impl TryFromU64 for AttemptId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

impl TryFromU64 for VideoId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

impl TryFromU64 for WorkerId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(not_a_number())
    }
}

/// The databases' generated keys are numbers; ours never are.
fn not_a_number() -> DbErr {
    DbErr::ConvertFromU64("UUID")
}
