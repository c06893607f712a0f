//! `GET /api/videos/jobs`: a user's jobs, newest first, all or those that are searched for.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use entity::JobId;
use entity::job::{self, Filter, Status, View};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{NO_STORE, Reader};
use crate::body::Rule;
use crate::error::ApiError;
use crate::query::{Query, cut};
use crate::state::Gateway;
use crate::videos::read::views;

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// For `cursor`, when there are more.
    pub(crate) next_cursor: Option<JobId>,
}

/// Answers `{data, nextCursor}`.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let mut query = Query::read(query.as_deref());
    let (filter, limit) = (Filter { user: Some(reader.user()), ..filter(&mut query) }, query.limit());
    query.finish()?;
    let mut rows = job::search(&gateway.db, filter, limit + 1).await?;
    let next_cursor = cut(&mut rows, limit, |job| job.id);
    let data = views(&gateway, rows).await;
    Ok(([NO_STORE], Json(JobPage { data, next_cursor })).into_response())
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
