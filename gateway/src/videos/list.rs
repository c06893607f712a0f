//! `GET /api/videos/jobs`: lists and searches a user's jobs, newest first. A client that polls with the `ETag` receives 304
//! while nothing has changed.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use entity::job::{self, Filter, Model, Status, View};
use entity::{JobId, UserId};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Reader;
use crate::error::ApiError;
use crate::heavy_query::heavy_query;
use crate::http::body::Rule;
use crate::http::conditional::none_match;
use crate::http::query::{Parameters, Query, QueryParameters, take_page};
use crate::secret;
use crate::state::Gateway;
use crate::videos::read::{POLL_AFTER, views};

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// Cursor of the next page; null on the last one.
    pub(crate) next_cursor: Option<JobId>,
}

/// List the caller's jobs
///
/// Returns an `ETag`. While a job of the page is unfinished, `Retry-After` says when to poll again. With `id`, returns these
/// jobs in this order, without those that do not exist; other filters are ignored.
#[utoipa::path(
    get, path = "/api/videos/jobs", operation_id = "listJobs", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(JobSearch, ("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response.")),
    responses(
        (status = 200, description = "Jobs, newest first.", body = JobPage),
        (status = 304, description = "Nothing has changed."),
    ),
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    reader: Reader,
    Parameters(search): Parameters<JobSearch>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (rows, next_cursor) = page(&gateway, reader.user(), search).await?;
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

/// Returns the selected jobs of a user, and the cursor of the next page.
async fn page(gateway: &Gateway, user: UserId, search: JobSearch) -> Result<(Vec<Model>, Option<JobId>), ApiError> {
    if let Some(ids) = &search.id {
        let mut rows = job::by_ids_of_user(&gateway.db, user, ids).await?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
        return Ok((rows, None));
    }
    let limit = search.limit;
    let mut rows = find(gateway, user, Filter { user: Some(user), ..search.into() }, limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |job| job.id);
    Ok((rows, next_cursor))
}

/// Finds jobs, for `user`. Searches for text take turns.
pub(crate) async fn find(gateway: &Gateway, user: UserId, filter: Filter, limit: u64) -> Result<Vec<Model>, ApiError> {
    if filter.is_heavy() {
        return heavy_query(gateway, user, move |db| async move { job::search(&db, filter, limit).await }).await;
    }
    Ok(job::search(&gateway.db, filter, limit).await?)
}

/// Selects jobs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobSearch {
    /// Jobs to return, 100 at most; the parameter may be repeated, or hold several separated by commas.
    #[param(value_type = Vec<String>, required = false)]
    id: Option<Vec<JobId>>,
    /// States; the parameter may be repeated, or hold several separated by commas.
    #[param(required = false)]
    status: Vec<Status>,
    /// Text in the prompt, in upper or lower case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Created at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<i64>,
    /// Created before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<i64>,
    /// Maximum number of rows.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    pub(crate) limit: u64,
    /// `nextCursor` of the previous page.
    #[param(value_type = Option<String>, format = "uuid")]
    cursor: Option<JobId>,
}

impl QueryParameters for JobSearch {
    fn read(query: &mut Query) -> Self {
        Self {
            id: query.ids("id"),
            status: query.list("status", status),
            q: query.search(),
            from: query.instant("from"),
            to: query.instant("to"),
            cursor: query.cursor(),
            limit: query.limit(),
        }
    }
}

impl From<JobSearch> for Filter {
    fn from(search: JobSearch) -> Self {
        let JobSearch { status: statuses, q: text, from, to, cursor: before, .. } = search;
        Self { statuses, text, from, to, before, ..Self::default() }
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
    fn accepts_repeated_and_comma_separated_states() {
        for text in ["status=failed,cancelled", "status=failed&status=cancelled&status="] {
            let mut query = Query::read(Some(text));
            assert_eq!(JobSearch::read(&mut query).status, [Status::Failed, Status::Cancelled]);
        }
        let mut query = Query::read(Some("status=failed,done"));
        assert_eq!(JobSearch::read(&mut query).status, []);
        assert!(query.finish().is_err());
    }
}
