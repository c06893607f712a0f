//! `POST /api/videos`: accepts jobs. A job is accepted once its row is committed.
//!
//! The row is the outbox: the job is enqueued afterwards, within a time limit, and if that fails by a processor's
//! reconciler. Both run in a separate task, so that a client that disconnects in between changes nothing.

use std::borrow::Borrow;
use std::error::Error;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use bus::{Flow, Position, Submitted};
use catalogue::{Catalogue, Size};
use entity::database::is_foreign_key_violation;
use entity::idempotency_key::Key;
use entity::job::{self, Creation, New, Orientation, View};
use entity::{DbErr, ImageId, JobId, UserId, statistics, submission};
use serde::Serialize;
use service::Trace;
use tokio::time::timeout;
use tracing::Instrument;
use utoipa::ToSchema;

use crate::auth::{Creator, Principal};
use crate::costs;
use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::client_address::ClientAddress;
use crate::http::{path, prefer};
use crate::images;
use crate::live::follow::{Wait, until_ended};
use crate::state::Gateway;
use crate::videos::choice::{Choices, offered_model};
use crate::videos::idempotency::{self, Resolved};
use crate::videos::{quota, views};

/// Maximum number of Unicode scalar values in a prompt.
const MAX_PROMPT_CHARACTERS: usize = 4_000;

/// Maximum number of jobs in one request.
const MAX_JOBS: i64 = 4;

/// The accepted jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The first one.
    pub(crate) job: View,
    /// All jobs.
    pub(crate) jobs: Vec<View>,
    /// Message for people.
    pub(crate) message: &'static str,
}

/// The jobs of one request.
pub(crate) struct NewJobs {
    /// What each of them is.
    pub(crate) new: New,
    /// How many.
    pub(crate) count: usize,
    /// The request's idempotency key.
    pub(crate) key: Option<Key>,
}

/// The video to create.
#[derive(ToSchema)]
#[schema(
    rename_all = "camelCase",
    example = json!({"prompt": "A paper boat drifts down a rainy street", "orientation": "portrait", "seconds": 10}),
)]
pub(crate) struct CreateVideoRequest {
    /// 1–4,000 characters, kept exactly as they are.
    #[schema(min_length = 1, max_length = 4000)]
    pub(crate) prompt: String,
    /// Shape of the video; one of the model's.
    pub(crate) orientation: Option<Orientation>,
    /// Length of the video; one of the model's.
    #[schema(minimum = 1)]
    pub(crate) seconds: Option<i32>,
    /// Model to use.
    pub(crate) model: Option<String>,
    /// Width and height, such as `1280x720`: one of the model's sizes of the orientation.
    #[schema(value_type = Option<String>)]
    pub(crate) size: Option<Size>,
    /// Job that this is a variation of.
    pub(crate) remix_of: Option<JobId>,
    /// Image to start from, uploaded with `POST /api/images`.
    pub(crate) reference_image_id: Option<ImageId>,
    /// Number of jobs to create, all or none.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 4)]
    pub(crate) count: Option<usize>,
}

impl RequestBody for CreateVideoRequest {
    fn read(fields: &mut Fields, gateway: &Gateway) -> Option<Self> {
        let catalogue = &gateway.config.catalogue;
        let prompt = fields.text("prompt", prompt);
        let model =
            fields.optional_text("model", |name| offered_model(catalogue, name).map(|model| model.name.clone()));
        let choices = Choices::new(catalogue, model.as_ref().map(Option::as_deref));
        let orientation = fields.optional_text("orientation", |text| choices.orientation(text));
        let seconds = fields.optional_number("seconds", |seconds| choices.seconds(seconds));
        let shape = orientation.flatten();
        let size = fields.optional_text("size", |size| choices.size(size, shape));
        let remix_of = fields.optional_text("remixOf", |id| choices.remix().and_then(|()| remix_source(id)));
        let reference_image_id = reference_image(fields, &choices);
        let count = fields.optional_number("count", job_count);
        Some(Self {
            prompt: prompt?,
            orientation: orientation?,
            seconds: seconds?,
            model: model?,
            size: size?,
            remix_of: remix_of?,
            reference_image_id: reference_image_id?,
            count: count?,
        })
    }
}

impl CreateVideoRequest {
    /// Returns the job, with the defaults for what was left out.
    pub(crate) fn into_job(self, catalogue: &Catalogue, user_id: UserId, trace: &Trace) -> New {
        let model = self.model.as_deref().map_or_else(|| catalogue.default_model(), |name| catalogue.model(name));
        let default_size = || match self.orientation {
            Some(orientation) => model?.default_size(orientation),
            None => model?.sizes.first().copied(),
        };
        let size = self.size.or_else(default_size);
        let default_seconds = || model?.seconds.first().copied();
        New {
            user_id,
            prompt: self.prompt,
            orientation: self.orientation.or(size.map(Size::orientation)).unwrap_or(Orientation::Landscape),
            seconds: self.seconds.or_else(default_seconds).unwrap_or_default(),
            model: model.map(|model| model.name.clone()).unwrap_or_default(),
            size: size.map(|size| size.to_string()).unwrap_or_default(),
            remix_of: self.remix_of,
            reference_image_id: self.reference_image_id,
            traceparent: Some(trace.to_string()),
        }
    }
}

/// Create a video job
///
/// The job is accepted once its row is committed: it then ends in a final state, whatever fails in between. Fields that are
/// left out take the defaults of `GET /api/models`; each model has its own lengths and sizes, and the first are its defaults. With `Prefer: wait=SECONDS` the response waits up to 60 seconds for the
/// jobs to end.
#[utoipa::path(
    post, path = "/api/videos", operation_id = "createVideo", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1–255 visible ASCII characters. For a day, the same key with the same body returns the same jobs and starts nothing new."),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`; the response then has `Preference-Applied`."),
    ),
    request_body = CreateVideoRequest,
    responses((status = 202, description = "The jobs, which wait or have ended meanwhile. `Location` is the first one.", body = Accepted)),
    extensions(("x-errors" = json!([
        ErrorCode::TooManyWaiting,
        ErrorCode::DailySubmissions,
        ErrorCode::OverBudget,
        ErrorCode::IdempotencyKeyReused,
        ErrorCode::Gone,
        ErrorCode::QuotaExceeded,
    ]))),
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    (client, caller): (ClientAddress, Creator),
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    JsonBody { content: request, fingerprint }: JsonBody<CreateVideoRequest>,
) -> Result<Response, ApiError> {
    let key = idempotency::key(&headers, "create".into(), &fingerprint)?;
    let count = request.count.unwrap_or(1);
    let new = request.into_job(&gateway.config.catalogue, caller.user(), &trace);
    let (mut jobs, replayed) = accept(&gateway, NewJobs { new, count, key }).await?;
    let waited = match prefer::wait(&headers) {
        Some(limit) => wait_for(&gateway, client, caller.principal(), &mut jobs, limit).await?.then_some(limit),
        None => None,
    };
    let job = jobs.first().ok_or(ApiError::Gone)?.clone();
    let location = [(header::LOCATION, format!("/api/videos/jobs/{}", job.id))];
    let body = Accepted { job, jobs, message: "Video generation started" };
    let replayed = replayed.then_some([idempotency::REPLAYED]);
    let waited = AppendHeaders(waited.and_then(prefer::applied));
    Ok((StatusCode::ACCEPTED, location, replayed, waited, [(header::CACHE_CONTROL, "no-store")], Json(body))
        .into_response())
}

/// Waits for the jobs to end, and reads them again. Returns whether it has waited.
async fn wait_for(
    gateway: &Gateway,
    client: ClientAddress,
    principal: Principal,
    jobs: &mut Vec<View>,
    limit: Duration,
) -> Result<bool, ApiError> {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let waited = until_ended(gateway, Wait { client, principal, jobs: &ids, limit }, |_| {}).await?;
    if waited {
        let mut rows = job::by_ids_of_user(&gateway.db, principal.user, &ids).await?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
        *jobs = views(gateway, rows).await;
    }
    Ok(waited)
}

/// Accepts the jobs of one request, even if the client disconnects. Returns them, and whether an earlier request created
/// them.
pub(crate) async fn accept(gateway: &Gateway, new_jobs: NewJobs) -> Result<(Vec<View>, bool), ApiError> {
    let task = gateway.shutdown.tasks.spawn(submit(gateway.clone(), new_jobs).in_current_span());
    task.await.map_err(|error| ApiError::Internal(error.to_string()))?
}

async fn submit(gateway: Gateway, new_jobs: NewJobs) -> Result<(Vec<View>, bool), ApiError> {
    let NewJobs { new, count, key } = new_jobs;
    let user = new.user_id;
    if let Some(remix_source) = new.remix_of {
        job::of_user(&gateway.db, remix_source, user).await?.ok_or_else(unknown_remix)?;
    }
    if let Err(refusal) = check_limits(&gateway, &new, count).await
        && !idempotency::is_known(&gateway, user, key.as_ref()).await?
    {
        return Err(refusal);
    }
    let creation = Creation { new: vec![new.clone(); count], key };
    let created = gateway.videos.batches.create(creation).await?.map_err(|error| creation_error(error, &new))?;
    let rows = match idempotency::resolve(&gateway, user, created).await? {
        Resolved::Created(rows) => rows,
        Resolved::Replayed(before) => return Ok((views(&gateway, before).await, true)),
    };
    let mut jobs = Vec::with_capacity(count);
    for row in rows {
        metrics::counter!("sora_jobs_accepted_total").increment(1);
        tracing::info!(job.id = %row.id, "a job was accepted");
        let eta = gateway.videos.estimates.of(&gateway.db, &row).await;
        let mut view = View::new(row, None, eta);
        match timeout(gateway.config.http.timeouts.enqueue, enqueue(&gateway, user, &mut view)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(job.id = %view.id, %error, "could not enqueue a job; the reconciler will"),
            Err(_) => tracing::warn!(job.id = %view.id, "could not enqueue a job in time; the reconciler will"),
        }
        jobs.push(view);
    }
    Ok((jobs, false))
}

/// Reports a just-deleted image as unknown.
fn creation_error<E>(error: E, new: &New) -> ApiError
where
    E: Borrow<DbErr> + Error + Send + Sync + 'static,
{
    let is_image_gone = new.reference_image_id.is_some() && is_foreign_key_violation(error.borrow());
    if is_image_gone { images::unknown() } else { ApiError::unavailable(error) }
}

/// Checks the quotas, the budgets and the reference image.
async fn check_limits(gateway: &Gateway, new: &New, count: usize) -> Result<(), ApiError> {
    if let Some(image) = new.reference_image_id {
        images::require(gateway, image, new.user_id).await?;
    }
    require_quota(gateway, new.user_id, count).await?;
    costs::require(gateway, new.user_id, (&new.model, new.seconds), count).await
}

async fn enqueue(gateway: &Gateway, user: UserId, view: &mut View) -> Result<(), ApiError> {
    let flow = Flow::new_jobs(user);
    let submitted = Submitted { user, view: view.clone(), flow, position: Position::FairTurn };
    view.queue_position = gateway
        .videos
        .batches
        .enqueue(gateway.config.catalogue.queue_of(&view.model).to_owned(), submitted)
        .await?
        .position;
    Ok(())
}

/// Accepts the prompt unchanged, or rejects it.
pub(crate) fn prompt(text: &str) -> Rule<String> {
    if text.contains('\0') {
        return Err(("invalid_characters", "A prompt cannot contain the character U+0000.".into()));
    }
    if text.chars().all(char::is_whitespace) {
        return Err(("blank", "Describe the video.".into()));
    }
    match text.chars().count() {
        0..=MAX_PROMPT_CHARACTERS => Ok(text.to_owned()),
        count => {
            Err(("too_long", format!("A prompt has at most {MAX_PROMPT_CHARACTERS} characters; this one has {count}.")))
        }
    }
}

/// Reads the reference image, which the model may need or not take.
fn reference_image(fields: &mut Fields, choices: &Choices<'_>) -> Option<Option<ImageId>> {
    let field = "referenceImageId";
    let image = fields.optional_text(field, |id| choices.with_image().and_then(|()| images::named(id)));
    match (image, choices.without_image()) {
        (Some(None), Err((code, message))) => fields.reject(field, code, message),
        _ => image,
    }
}

fn remix_source(text: &str) -> Rule<JobId> {
    path::id(text).ok_or_else(|| ("unknown_value", "Must be the id of one of your jobs.".into()))
}

/// The job does not exist or is another user's.
fn unknown_remix() -> ApiError {
    let (code, message) = ("unknown_value", "Must be the id of one of your jobs.".into());
    ApiError::InvalidFields(vec![FieldError { field: "remixOf".into(), code, message }])
}

fn job_count(count: i64) -> Rule<usize> {
    let count =
        Some(count).filter(|count| (1..=MAX_JOBS).contains(count)).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| ("out_of_range", format!("Must be a whole number from 1 to {MAX_JOBS}.")))
}

/// Rejects jobs beyond the number that may wait or be submitted today. The processors enforce the daily limit; this check only
/// reports it early.
pub(crate) async fn require_quota(gateway: &Gateway, user: UserId, count: usize) -> Result<(), ApiError> {
    quota::require_waiting(gateway, user, count).await?;
    quota::require_storage(gateway, user).await?;
    let cap = u64::from(gateway.config.quotas.daily_submissions);
    if cap == 0 {
        return Ok(());
    }
    let (spent, waiting) =
        (submission::today(&gateway.db, user).await?, statistics::pending_count_of(&gateway.db, user).await?);
    let wanted = u64::try_from(spent).unwrap_or(0) + waiting + count as u64;
    let seconds = submission::until_tomorrow().div_euclid(1_000) + 1;
    if wanted > cap { Err(ApiError::DailySubmissions(seconds)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_prompts_by_scalar_values_and_keeps_them_unchanged() {
        for kept in ["a", " \n a\t", "🎬".repeat(4_000).as_str(), "\u{202e}abc", "e\u{301}"] {
            assert_eq!(prompt(kept).as_deref(), Ok(kept));
        }
        let refused = [("", "blank"), (" \n\u{3000}\u{2003}", "blank"), ("a\0", "invalid_characters")];
        for (text, code) in refused {
            assert_eq!(prompt(text).unwrap_err().0, code);
        }
        assert_eq!(prompt(&"🎬".repeat(4_001)).unwrap_err().0, "too_long");
    }
}
