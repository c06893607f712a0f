//! `GET /api/videos/jobs`: a user's jobs, newest first.
//!
//! The cursor is the last job shown: ids are in the order of creation, so that pages neither repeat nor skip a job while
//! new ones arrive. Whoever polls brings the `ETag` back and gets 304 while nothing has changed.

use std::hash::{DefaultHasher, Hasher};

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use entity::JobId;
use entity::job::{self, Status};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde_json::json;

use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
use crate::state::Gateway;
use crate::videos::path::id;
use crate::videos::range::none_match;
use crate::videos::read::{POLL_AFTER, views};

const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 100;

/// Answers `{data, nextCursor}`; while one of the jobs is active, `Retry-After` says when to ask again.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Page { status, before, limit } = Page::read(query.as_deref().unwrap_or_default())?;
    let mut rows = job::page(&gateway.db, caller.user(), status, before, limit + 1).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|job| job.id);
    let active = rows.iter().any(|job| !job.status.is_terminal()).then_some((header::RETRY_AFTER, POLL_AFTER));
    let body = json!({"data": views(&gateway, rows).await, "nextCursor": next}).to_string();
    let tag = tag(&body);
    let head = AppendHeaders([(header::CACHE_CONTROL, "no-store".to_owned()), (header::ETAG, tag.clone())]);
    if !none_match(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, head, AppendHeaders(active)).into_response());
    }
    let json = AppendHeaders([(header::CONTENT_TYPE, "application/json")]);
    Ok((head, json, AppendHeaders(active), Body::from(body)).into_response())
}

/// The same for the same page, whichever gateway answers.
fn tag(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body.as_bytes());
    format!("\"{:016x}\"", hasher.finish())
}

#[derive(Debug, PartialEq, Eq)]
struct Page {
    status: Option<Status>,
    before: Option<JobId>,
    limit: u64,
}

impl Page {
    /// Blank parameters count as missing.
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut page = Self { status: None, before: None, limit: DEFAULT_LIMIT };
        let mut errors = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            let problem = match &*name {
                "status" => page.set_status(&value),
                "cursor" => page.set_cursor(&value),
                "limit" => page.set_limit(&value),
                _ => None,
            };
            errors.extend(problem.map(|(code, message)| FieldError {
                field: name.into(),
                code,
                message: message.into(),
            }));
        }
        if errors.is_empty() { Ok(page) } else { Err(ApiError::InvalidFields(errors)) }
    }

    fn set_status(&mut self, value: &str) -> Option<(&'static str, &'static str)> {
        let status: Result<_, serde::de::value::Error> = Status::deserialize(value.into_deserializer());
        self.status = status.ok();
        let message = "Must be pending, processing, completed, failed or cancelled.";
        self.status.is_none().then_some(("unknown_value", message))
    }

    fn set_cursor(&mut self, value: &str) -> Option<(&'static str, &'static str)> {
        self.before = id(value);
        self.before.is_none().then_some(("invalid_cursor", "Must be a nextCursor of an earlier answer."))
    }

    fn set_limit(&mut self, value: &str) -> Option<(&'static str, &'static str)> {
        match value.parse() {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => self.limit = limit,
            _ => return Some(("out_of_range", "Must be a whole number from 1 to 100.")),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_parameters_strictly_and_all_at_once() {
        let none = Page { status: None, before: None, limit: 20 };
        assert_eq!(Page::read("status=&cursor=&limit=").unwrap(), none);
        let page = Page::read("limit=100&status=failed").unwrap();
        assert_eq!((page.limit, page.status), (100, Some(Status::Failed)));
        let Err(ApiError::InvalidFields(errors)) = Page::read("limit=0&status=done&cursor=abc") else { panic!() };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["limit", "status", "cursor"]);
        for wrong in ["limit=101", "limit=-1", "limit=ten", "limit=99999999999999999999"] {
            assert!(Page::read(wrong).is_err(), "{wrong}");
        }
    }
}
