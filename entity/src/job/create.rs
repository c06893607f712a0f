//! Creating jobs. The committed row is the outbox: once it exists, the job reaches a final state, with or without Redis.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{ActiveModel, Model, Orientation, Status};
use crate::id::new_id;
use crate::idempotency_key::{self, Idempotent, Key};
use crate::{ImageId, JobId, UserId, clock, database};

/// The content of a new job.
#[derive(Clone, Debug)]
pub struct New {
    /// The owner.
    pub user_id: UserId,
    /// Stored exactly as it is.
    pub prompt: String,
    /// The video's orientation.
    pub orientation: Orientation,
    /// The video's length in seconds.
    pub seconds: i32,
    /// One of `/api/models`.
    pub model: String,
    /// A size of the model, such as `1280x720`.
    pub size: String,
    /// A job of the same user.
    pub remix_of: Option<JobId>,
    /// An image of the same user.
    pub reference_image_id: Option<ImageId>,
    /// The request's trace context.
    pub traceparent: Option<String>,
}

/// Creates `count` pending jobs, all or none, under the client's idempotency key if there is one.
pub async fn create(
    db: &DatabaseConnection,
    new: &New,
    count: usize,
    key: Option<&Key>,
) -> Result<Idempotent<Vec<Model>>, DbErr> {
    let tx = database::begin(db).await?;
    let ids: Vec<JobId> = (0..count).map(|_| new_id()).collect();
    if let Some(key) = key {
        match idempotency_key::claim(&tx, new.user_id, key, &ids).await? {
            Idempotent::Created(()) => {}
            Idempotent::Replayed(jobs) => return Ok(Idempotent::Replayed(jobs)),
            Idempotent::Conflict => return Ok(Idempotent::Conflict),
        }
    }
    let mut jobs = Vec::with_capacity(count);
    for id in ids {
        jobs.push(insert(&tx, id, new.clone()).await?);
    }
    tx.commit().await?;
    Ok(Idempotent::Created(jobs))
}

async fn insert<C: ConnectionTrait>(tx: &C, id: JobId, new: New) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(id),
        user_id: Set(new.user_id),
        prompt: Set(new.prompt),
        orientation: Set(new.orientation),
        seconds: Set(new.seconds),
        model: Set(new.model),
        size: Set(new.size),
        remix_of: Set(new.remix_of),
        reference_image_id: Set(new.reference_image_id),
        status: Set(Status::Pending),
        traceparent: Set(new.traceparent),
        created_at: Set(clock::system_ms()),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    row.insert(tx).await
}
