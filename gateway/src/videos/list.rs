//! `GET /api/videos/jobs`: a user's jobs, newest first.
//!
//! The cursor is the last job shown: ids are in the order of creation, so that pages neither repeat nor skip a job while
//! new ones arrive.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::JobId;
use entity::job::{self, Status};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde_json::json;

use crate::auth::Caller;
use crate::error::{ApiError, FieldError};
use crate::state::Gateway;
use crate::videos::path::id;
use crate::videos::read::views;

const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 100;

/// Answers `{data, nextCursor}`.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Page { status, before, limit } = Page::read(query.as_deref().unwrap_or_default())?;
    let mut rows = job::page(&gateway.db, caller.user(), status, before, limit + 1).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|job| job.id);
    let data = views(&gateway, rows).await;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({"data": data, "nextCursor": next}))).into_response())
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
