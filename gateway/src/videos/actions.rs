//! A job's owner cancels, restarts, downloads again or deletes it.
//!
//! The row is changed first and is authoritative; Redis, the processors and the pages are notified afterwards. Both run in a
//! separate task, so that a client that disconnects in between changes nothing. Processors learn of changes that they were
//! not notified of from the database.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bus::{Control, Event, Flow, Position, Submitted};
use entity::idempotency_key::Key;
use entity::job::{self, CancelResult, DeletedJob, Model, View};
use entity::{JobId, UserId};
use tokio::time::timeout;
use tracing::Instrument;

use crate::auth::Creator;
use crate::costs;
use crate::error::{ApiError, ErrorCode};
use crate::http::path::Id;
use crate::metrics;
use crate::state::Gateway;
use crate::videos::choice::offered_model;
use crate::videos::idempotency::{self, Resolved};
use crate::videos::quota;
use crate::videos::read::views;

/// Cancel a job
#[utoipa::path(
    post, path = "/api/videos/jobs/{job}/cancel", operation_id = "cancelJob", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    responses((
        status = 200,
        description = "The job: cancelled, about to be (`cancelling`), or unchanged if it had already ended.",
        body = View,
    )),
)]
pub(crate) async fn cancel(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let job = cancel_job(&gateway, caller.user(), id).await?;
    answer(&gateway, StatusCode::OK, job).await
}

/// Cancels a user's job, or asks its worker to stop. A finished job is left unchanged.
pub(crate) async fn cancel_job(gateway: &Gateway, user: UserId, id: JobId) -> Result<Model, ApiError> {
    let cancelling = run_to_completion(gateway, async move |gateway: Gateway| {
        let cancel = job::cancel(&gateway.db, id, user).await?.ok_or(ApiError::NotFound)?;
        Ok(match cancel {
            CancelResult::Cancelled(job) => {
                metrics::jobs_ended([&job]);
                notify(&gateway, Change::Cancelled, job).await
            }
            CancelResult::Requested(job) => notify(&gateway, Change::CancelRequested, job).await,
            CancelResult::AlreadyFinished(job) => job,
        })
    });
    cancelling.await
}

/// Restart a failed or cancelled job
///
/// A job in another state is left unchanged (`wrong_state`).
#[utoipa::path(
    post, path = "/api/videos/jobs/{job}/retry", operation_id = "retryJob", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1–255 visible ASCII characters. For a day, the same key with the same body returns the same jobs and starts nothing new.")),
    responses((status = 202, description = "The job, which is waiting again.", body = View)),
    extensions(("x-errors" = json!([
        ErrorCode::WrongState,
        ErrorCode::TooManyWaiting,
        ErrorCode::OverBudget,
        ErrorCode::IdempotencyKeyReused,
        ErrorCode::Gone,
        ErrorCode::InvalidFields,
    ]))),
)]
pub(crate) async fn retry(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<JobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (user, key) = (caller.user(), idempotency::key(&headers, format!("retry {id}"), "")?);
    if let Err(refusal) = require_restartable(&gateway, user, id).await
        && !idempotency::is_known(&gateway, user, key.as_ref()).await?
    {
        return Err(refusal);
    }
    let job = restart(&gateway, user, id, key).await?;
    answer(&gateway, StatusCode::ACCEPTED, job).await
}

/// Checks the user's quota and budgets, and that the job's model can still be used. A model that is no longer in the catalogue has no
/// pool; one that is retired is no longer at the upstream.
async fn require_restartable(gateway: &Gateway, user: UserId, id: JobId) -> Result<(), ApiError> {
    let catalogue = &gateway.config.catalogue;
    if catalogue.from_file
        && let Some(job) = job::of_user(&gateway.db, id, user).await?
    {
        if offered_model(catalogue, &job.model).is_err() {
            return Err(ApiError::WrongState("The model of this job is no longer available."));
        }
        costs::require(gateway, user, (&job.model, job.seconds), 1).await?;
    }
    quota::require_waiting(gateway, user, 1).await
}

/// Restarts a user's failed or cancelled job, once per idempotency key.
pub(crate) async fn restart(gateway: &Gateway, user: UserId, id: JobId, key: Option<Key>) -> Result<Model, ApiError> {
    let restarting = run_to_completion(gateway, async move |gateway: Gateway| {
        let restarted = job::restart(&gateway.db, id, user, key.as_ref()).await?;
        match idempotency::resolve(&gateway, user, restarted).await? {
            Resolved::Created(restarted) => {
                requeue(&gateway, user, id, restarted, "Only a failed or cancelled job can be restarted.").await
            }
            Resolved::Replayed(mut before) => before.pop().ok_or(ApiError::Gone),
        }
    });
    restarting.await
}

/// Download a finished video again whose download failed
///
/// Sends no new request to the upstream. A job with nothing to download is left unchanged (`wrong_state`).
#[utoipa::path(
    post, path = "/api/videos/jobs/{job}/fetch", operation_id = "fetchJob", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    responses((status = 202, description = "The job, which is waiting for its download.", body = View)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn fetch(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let user = caller.user();
    let job = run_to_completion(&gateway, async move |gateway: Gateway| {
        let restarted = job::refetch(&gateway.db, id, user).await?;
        requeue(&gateway, user, id, restarted, "Only a job whose download failed can be downloaded again.").await
    });
    answer(&gateway, StatusCode::ACCEPTED, job.await?).await
}

/// Delete a finished job with its video
///
/// An unfinished job cannot be deleted (`wrong_state`): cancel it first.
#[utoipa::path(
    delete, path = "/api/videos/jobs/{job}", operation_id = "deleteJob", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    responses((status = 204, description = "Both have been deleted.")),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<JobId>,
) -> Result<StatusCode, ApiError> {
    delete_job(&gateway, caller.user(), id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Deletes a user's finished job with its files.
pub(crate) async fn delete_job(gateway: &Gateway, user: UserId, id: JobId) -> Result<(), ApiError> {
    let deleting = run_to_completion(gateway, async move |gateway: Gateway| {
        let Some(DeletedJob { job, paths }) = job::delete(&gateway.db, id, user).await? else {
            return Err(conflict(&gateway, user, id, "An active job cannot be deleted: cancel it first.").await);
        };
        for path in paths {
            if let Err(error) = gateway.storage.delete(&path).await {
                tracing::error!(job.id = %id, %error, "could not delete a file of a deleted job");
            }
        }
        notify(&gateway, Change::Deleted, job).await;
        Ok(())
    });
    deleting.await
}

/// Publishes the cancellation of waiting jobs in the background.
pub(crate) fn publish_cancelled(gateway: &Gateway, jobs: Vec<Model>) {
    metrics::jobs_ended(&jobs);
    let owned = gateway.clone();
    let notify_all = async move {
        for job in jobs {
            notify(&owned, Change::Cancelled, job).await;
        }
    };
    gateway.shutdown.tasks.spawn(notify_all.in_current_span());
}

/// Enqueues a job that is pending again, and publishes its state. Returns the job.
pub(crate) async fn publish_requeued(gateway: &Gateway, job: Model) -> Model {
    notify(gateway, Change::Requeued, job).await
}

/// Runs `work` to its end, even if the client disconnects.
pub(crate) async fn run_to_completion<T, Work>(
    gateway: &Gateway,
    work: impl FnOnce(Gateway) -> Work,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    Work: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    let task = gateway.shutdown.tasks.spawn(work(gateway.clone()).in_current_span());
    task.await.map_err(|error| ApiError::Internal(error.to_string()))?
}

/// Enqueues a restarted job; without one, returns the reason.
async fn requeue(
    gateway: &Gateway,
    user: UserId,
    id: JobId,
    restarted: Option<Model>,
    message: &'static str,
) -> Result<Model, ApiError> {
    match restarted {
        Some(job) => Ok(publish_requeued(gateway, job).await),
        None => Err(conflict(gateway, user, id, message).await),
    }
}

/// Returns 404 if the user has no such job, or else 409 with `message`.
async fn conflict(gateway: &Gateway, user: UserId, id: JobId, message: &'static str) -> ApiError {
    match job::of_user(&gateway.db, id, user).await {
        Ok(Some(_)) => ApiError::WrongState(message),
        Ok(None) => ApiError::NotFound,
        Err(error) => error.into(),
    }
}

async fn answer(gateway: &Gateway, status: StatusCode, job: Model) -> Result<Response, ApiError> {
    let view: View = views(gateway, vec![job]).await.pop().ok_or(ApiError::NotFound)?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

/// A change to notify others of.
#[derive(Clone, Copy)]
enum Change {
    /// It was cancelled while waiting.
    Cancelled,
    /// Its worker is to stop.
    CancelRequested,
    /// It is waiting again.
    Requeued,
    /// It was deleted.
    Deleted,
}

/// Notifies Redis, the processors and the pages within the time limit for enqueuing. Returns the job.
async fn notify(gateway: &Gateway, change: Change, job: Model) -> Model {
    match timeout(gateway.config.http.timeouts.enqueue, publish(gateway, change, &job)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(job.id = %job.id, %error, "could not notify Redis of a change; the processors will read it from the database");
        }
        Err(_) => {
            tracing::warn!(job.id = %job.id, "could not notify Redis of a change in time; the processors will read it from the database");
        }
    }
    job
}

async fn publish(gateway: &Gateway, change: Change, job: &Model) -> Result<(), bus::Error> {
    let (bus, queues) = (&gateway.bus, &gateway.queues);
    let eta = gateway.videos.estimates.of(&gateway.db, job).await;
    let view = View::new(job.clone(), None, eta);
    match change {
        Change::Cancelled | Change::Deleted => queues.remove(job.id).await?,
        Change::CancelRequested => bus.send_control(&Control::CancelRequested { job: job.id }).await?,
        Change::Requeued => {
            queues.remove(job.id).await?;
            let (user, flow) = (job.user_id, Flow::retries(job.user_id));
            let submitted = Submitted { user, view, flow, position: Position::FairTurn };
            return gateway.queue_of(&job.model).enqueue_and_publish(&[submitted]).await.map(drop);
        }
    }
    let event = match change {
        Change::Deleted => Event::gone(job.user_id, job.id),
        _ => Event::job(job.user_id, &view),
    };
    bus.publish(&event).await
}
