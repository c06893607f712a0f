//! Writing to the outbox.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, IntoActiveModel};

use super::owner::make_due;
use super::{ActiveModel, DeliveryStatus, Entity, Model};
use crate::id::new_id;
use crate::webhook_event::{Event, EventType};
use crate::{clock, database, job, webhook_endpoint};

/// Rows per statement: SQLite allows 32,766 parameters.
const INSERT_BATCH: usize = 500;

/// Enqueues the events of the jobs that have finished, for each endpoint that receives them. Called in the transaction that
/// finishes the jobs.
pub(crate) async fn enqueue(tx: &DatabaseTransaction, jobs: &[job::Model]) -> Result<(), DbErr> {
    let finished = || jobs.iter().filter(|job| job.status.is_terminal());
    let mut users: Vec<_> = finished().map(|job| job.user_id).collect();
    users.sort_unstable();
    users.dedup();
    if users.is_empty() {
        return Ok(());
    }
    let endpoints = webhook_endpoint::enabled_of_users(tx, users).await?;
    let mut rows = Vec::new();
    for job in finished().filter(|job| endpoints.iter().any(|endpoint| endpoint.user_id == job.user_id)) {
        let Some(event) = Event::of(job)? else { continue };
        let is_receiver =
            |endpoint: &&webhook_endpoint::Model| endpoint.user_id == job.user_id && endpoint.receives(event.kind);
        let due = job.finished_at.unwrap_or_else(clock::system_ms);
        rows.extend(endpoints.iter().filter(is_receiver).map(|endpoint| ActiveModel {
            job_id: Set(Some(job.id)),
            job_seq: Set(Some(job.seq)),
            next_attempt_at: Set(Some(due)),
            ..row(endpoint, &event)
        }));
    }
    for batch in rows.chunks(INSERT_BATCH) {
        Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Enqueues a test event. Its job does not exist.
pub async fn enqueue_test(
    db: &DatabaseConnection,
    endpoint: &webhook_endpoint::Model,
    kind: EventType,
) -> Result<Option<Model>, DbErr> {
    let event = Event::test(kind, endpoint.user_id)?;
    let tx = database::begin(db).await?;
    let id = row(endpoint, &event).insert(&tx).await?.id;
    let delivery = make_due(&tx, endpoint.id, id).await?;
    tx.commit().await?;
    Ok(delivery)
}

fn row(endpoint: &webhook_endpoint::Model, event: &Event) -> ActiveModel {
    let row = Model {
        id: new_id(),
        endpoint_id: endpoint.id,
        event_id: event.id,
        event_type: event.kind,
        job_id: None,
        job_seq: None,
        payload: event.payload.clone(),
        status: DeliveryStatus::Pending,
        attempts: 0,
        failures: 0,
        next_attempt_at: None,
        last_attempt_at: None,
        duration_ms: None,
        response_status: None,
        response_body: None,
        error: None,
        created_at: clock::system_ms(),
        finished_at: None,
    };
    row.into_active_model().reset_all()
}
