//! `GET /api/auth/export`: all data of an account, as one JSON document.
//!
//! The document is streamed while the database is read page by page, so that memory use does not grow with its size.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use entity::account::{self, JobRecord};
use entity::clock::{rfc3339, system_ms};
use entity::{JobId, UserId, api_key, attempt, image, job, session, user, video};
use entity::{webhook_delivery, webhook_endpoint};
use futures::stream::{self, StreamExt};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::auth::handlers::NO_STORE;
use crate::error::ApiError;
use crate::state::Gateway;

/// Number of jobs per page.
const PAGE_SIZE: u64 = 200;

/// Maximum number of images in the document. Images that no job refers to are deleted after a day.
const MAX_IMAGES: u64 = 10_000;

/// Maximum number of webhook deliveries in the document. They are deleted after 30 days.
const MAX_DELIVERIES: u64 = 10_000;

/// End of the document: `jobs` is its last member.
const CLOSING: &str = "]}";

/// All data of an account. It is never in memory as a whole: `jobs` is written last, page by page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Export {
    /// When the export was made (RFC 3339, UTC).
    pub(crate) exported_at: String,
    /// The account.
    pub(crate) user: user::View,
    /// The active sessions.
    pub(crate) sessions: Vec<session::View>,
    /// The API keys.
    pub(crate) api_keys: Vec<api_key::View>,
    /// The webhook endpoints, newest first, without their secrets.
    pub(crate) webhooks: Vec<webhook_endpoint::View>,
    /// The latest webhook deliveries, newest first.
    pub(crate) webhook_deliveries: Vec<webhook_delivery::View>,
    /// The reference images, newest first.
    pub(crate) images: Vec<image::View>,
    /// The jobs, newest first.
    pub(crate) jobs: Vec<ExportedJob>,
}

/// A request that was sent upstream, as its owner may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportedAttempt {
    /// 1, 2, … within the job.
    pub(crate) number: i32,
    /// When it was sent (RFC 3339, UTC).
    pub(crate) sent_at: String,
    /// How it ended.
    pub(crate) outcome: Option<String>,
    /// Whether the upstream may have charged for it.
    pub(crate) may_have_been_charged: bool,
}

/// A job with its attempts and its video.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedJob {
    /// The job.
    pub(crate) job: job::View,
    /// The attempts, oldest first.
    pub(crate) attempts: Vec<ExportedAttempt>,
    /// The video, once completed.
    pub(crate) video: Option<video::View>,
}

impl From<attempt::Model> for ExportedAttempt {
    fn from(attempt: attempt::Model) -> Self {
        Self {
            number: attempt.number,
            sent_at: rfc3339(attempt.sent_at),
            outcome: attempt.outcome,
            may_have_been_charged: attempt.may_have_been_charged,
        }
    }
}

impl From<JobRecord> for ExportedJob {
    fn from(JobRecord { job, attempts, video }: JobRecord) -> Self {
        let attempts = attempts.into_iter().map(Into::into).collect();
        Self { job: job.into(), attempts, video: video.map(Into::into) }
    }
}

/// Export all data of the account
///
/// The document is streamed; one that breaks off is not valid JSON.
#[utoipa::path(
    get, path = "/api/auth/export", operation_id = "exportAccount", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "A JSON document to download.", body = Export)),
)]
pub(crate) async fn export(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let (user, current) = (&caller.session.user, caller.session.id);
    let sessions = session::of_user(&gateway.db, user.id).await?;
    let images = image::page(&gateway.db, user.id, None, MAX_IMAGES).await?;
    let webhooks = webhook_endpoint::of_user(&gateway.db, user.id).await?;
    let deliveries = webhook_delivery::latest_of_user(&gateway.db, user.id, MAX_DELIVERIES).await?;
    let head = Export {
        exported_at: rfc3339(system_ms()),
        user: user.clone().into(),
        sessions: sessions.into_iter().map(|row| session::View::new(row, current)).collect(),
        api_keys: api_key::of_user(&gateway.db, user.id).await?.into_iter().map(Into::into).collect(),
        webhooks: webhooks.into_iter().map(Into::into).collect(),
        webhook_deliveries: deliveries.into_iter().map(Into::into).collect(),
        images: images.into_iter().map(Into::into).collect(),
        jobs: Vec::new(),
    };
    let mut opening = serde_json::to_string(&head).map_err(|error| ApiError::Internal(error.to_string()))?;
    opening.truncate(opening.len() - CLOSING.len());
    let parts = stream::iter([Ok::<_, std::io::Error>(Bytes::from(opening))])
        .chain(jobs(gateway, user.id))
        .chain(stream::iter([Ok(Bytes::from_static(CLOSING.as_bytes()))]));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
    ];
    Ok(([NO_STORE], headers, Body::from_stream(parts)).into_response())
}

/// Streams the jobs, newest first, separated by commas.
fn jobs(gateway: Gateway, user: UserId) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let start: (Option<JobId>, bool) = (None, false);
    stream::try_unfold(start, move |(before, done)| {
        let gateway = gateway.clone();
        async move {
            if done {
                return Ok(None);
            }
            let page =
                account::job_records(&gateway.db, user, before, PAGE_SIZE).await.map_err(std::io::Error::other)?;
            let (last, done) = (page.last().map(|record| record.job.id), (page.len() as u64) < PAGE_SIZE);
            let mut text = String::new();
            for (i, record) in page.into_iter().enumerate() {
                if i > 0 || before.is_some() {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(&ExportedJob::from(record))?);
            }
            Ok(Some((Bytes::from(text), (last, done))))
        }
    })
}
