//! `GET /api/auth/export`: a copy of everything that is on record of an account, as one JSON document.
//!
//! It is written while it is read, page by page, so that it takes the same memory however much there is.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use entity::account::{self, Holding};
use entity::clock::{rfc3339, wall};
use entity::{JobId, UserId, api_key, attempt, job, session, user, video};
use futures::stream::{self, StreamExt};
use serde::Serialize;

use crate::auth::Caller;
use crate::auth::handlers::NO_STORE;
use crate::error::ApiError;
use crate::state::Gateway;

/// Jobs read at a time.
const PAGE: u64 = 200;

/// What stands before the jobs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    exported_at: String,
    user: user::View,
    sessions: Vec<session::View>,
    api_keys: Vec<api_key::View>,
}

/// A request sent upstream, as far as it is its owner's to know.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportedAttempt {
    /// 1, 2, … within the job.
    number: i32,
    /// RFC 3339, UTC.
    sent_at: String,
    /// How it ended.
    outcome: Option<String>,
    /// Whether it may have cost money.
    may_have_been_charged: bool,
}

/// A job with all that belongs to it.
#[derive(Debug, Serialize)]
pub(crate) struct ExportedJob {
    /// The job.
    job: job::View,
    /// What was sent upstream for it.
    attempts: Vec<ExportedAttempt>,
    /// Its video, once completed.
    video: Option<video::View>,
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

impl From<Holding> for ExportedJob {
    fn from(Holding { job, attempts, video }: Holding) -> Self {
        let attempts = attempts.into_iter().map(Into::into).collect();
        Self { job: job.into(), attempts, video: video.map(Into::into) }
    }
}

/// Answers with the document; one that breaks off is not valid JSON.
pub(crate) async fn export(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let (user, asking) = (&caller.session.user, caller.session.id);
    let sessions = session::of_user(&gateway.db, user.id).await?;
    let head = Head {
        exported_at: rfc3339(wall()),
        user: user.clone().into(),
        sessions: sessions.into_iter().map(|row| session::View::new(row, asking)).collect(),
        api_keys: api_key::of_user(&gateway.db, user.id).await?.into_iter().map(Into::into).collect(),
    };
    let mut opening = serde_json::to_string(&head).map_err(|error| ApiError::Internal(error.to_string()))?;
    opening.truncate(opening.len() - 1);
    opening.push_str(",\"jobs\":[");
    let parts = stream::iter([Ok::<_, std::io::Error>(Bytes::from(opening))])
        .chain(jobs(gateway, user.id))
        .chain(stream::iter([Ok(Bytes::from_static(b"]}"))]));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
    ];
    Ok(([NO_STORE], headers, Body::from_stream(parts)).into_response())
}

/// The jobs, newest first, with commas between them.
fn jobs(gateway: Gateway, user: UserId) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let from: (Option<JobId>, bool) = (None, false);
    stream::try_unfold(from, move |(before, over)| {
        let gateway = gateway.clone();
        async move {
            if over {
                return Ok(None);
            }
            let page = account::holdings(&gateway.db, user, before, PAGE).await.map_err(std::io::Error::other)?;
            let (last, over) = (page.last().map(|holding| holding.job.id), (page.len() as u64) < PAGE);
            let mut text = String::new();
            for (i, holding) in page.into_iter().enumerate() {
                if i > 0 || before.is_some() {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(&ExportedJob::from(holding))?);
            }
            Ok(Some((Bytes::from(text), (last, over))))
        }
    })
}
