//! `GET /api/videos/jobs`: a user's jobs, newest first, all or those that are searched for. Whoever polls brings the `ETag`
//! back and gets 304 while nothing has changed.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use entity::JobId;
use entity::job::{self, Filter, Status, View};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Reader;
use crate::error::ApiError;
use crate::http::body::Rule;
use crate::http::conditional::none_match;
use crate::http::query::{Query, take_page};
use crate::secret;
use crate::state::Gateway;
use crate::videos::read::{POLL_AFTER, views};

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// For `cursor`, when there are more.
    pub(crate) next_cursor: Option<JobId>,
}

/// Answers `{data, nextCursor}`; while one of the jobs is active, `Retry-After` says when to ask again.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    reader: Reader,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut query = Query::read(query.as_deref());
    let (filter, limit) = (Filter { user: Some(reader.user()), ..filter(&mut query) }, query.limit());
    query.finish()?;
    let mut rows = job::search(&gateway.db, filter, limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |job| job.id);
    let active = rows.iter().any(|job| !job.status.is_terminal()).then_some((header::RETRY_AFTER, POLL_AFTER));
    let page = JobPage { data: views(&gateway, rows).await, next_cursor };
    let body = serde_json::to_string(&page).map_err(|error| ApiError::Internal(error.to_string()))?;
    let tag = format!("\"{}\"", secret::sha256(&body));
    let head = AppendHeaders([(header::CACHE_CONTROL, "no-store".to_owned()), (header::ETAG, tag.clone())]);
    if !none_match(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, head, AppendHeaders(active)).into_response());
    }
    let json = AppendHeaders([(header::CONTENT_TYPE, "application/json")]);
    Ok((head, json, AppendHeaders(active), Body::from(body)).into_response())
}

/// What the parameters say of the jobs to list.
pub(crate) fn filter(query: &mut Query) -> Filter {
    Filter {
        statuses: query.list("status", status),
        text: query.search(),
        from: query.instant("from"),
        to: query.instant("to"),
        before: query.cursor(),
        ..Filter::default()
    }
}

fn status(text: &str) -> Rule<Status> {
    let status: Result<_, serde::de::value::Error> = Status::deserialize(text.into_deserializer());
    status.map_err(|_| ("unknown_value", "Must be pending, processing, completed, failed or cancelled.".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_several_states_in_either_way() {
        for text in ["status=failed,cancelled", "status=failed&status=cancelled&status="] {
            let mut query = Query::read(Some(text));
            assert_eq!(filter(&mut query).statuses, [Status::Failed, Status::Cancelled]);
        }
        let mut query = Query::read(Some("status=failed,done"));
        assert_eq!(filter(&mut query).statuses, []);
        assert!(query.finish().is_err());
    }
}
