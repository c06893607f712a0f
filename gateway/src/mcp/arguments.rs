//! The arguments of a call. Values are checked by the rules of `/api`; names have underscores, as is usual for tools.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::idempotency_key::{Key, Source};
use entity::job::{Filter, Status};
use entity::{JobId, clock};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde_json::{Value, json};

use crate::auth::{Grant, Principal};
use crate::error::{ApiError, FieldError};
use crate::http::body::{Fields, RequestBody, Rule};
use crate::http::path;
use crate::mcp::MAX_WAIT_SECONDS;
use crate::secret;
use crate::state::Gateway;
use crate::videos::create::CreateVideoRequest;

/// Names of arguments and of the fields of `/api` that they stand for, where these differ.
const RENAMED: [(&str, &str); 2] = [("remix_of", "remixOf"), ("reference_image_id", "referenceImageId")];

/// The operation of all idempotency keys of this surface.
const OPERATION: &str = "mcp create";

/// Default and maximum number of videos in a list.
const LIST_LIMITS: (i64, i64) = (20, 100);

/// The arguments of a call.
pub(super) struct Arguments(JsonObject);

/// The arguments of `generate_video`.
pub(super) struct Generate {
    pub(super) request: CreateVideoRequest,
    pub(super) key: Key,
    pub(super) wait: Duration,
}

impl Arguments {
    pub(super) fn new(values: JsonObject) -> Self {
        Self(values)
    }

    /// Reads the arguments of `generate_video`. Without an idempotency key, a call stands for an equal one that the same key
    /// or session has made before, within the time in which a request may be repeated.
    pub(super) fn generate(mut self, gateway: &Gateway, principal: Principal) -> Result<Generate, ApiError> {
        let content = fingerprint(&self.0, principal.grant);
        for (argument, field) in RENAMED {
            if let Some(value) = self.0.remove(argument) {
                self.0.insert(field.to_owned(), value);
            }
        }
        self.read(|fields| {
            let key = fields.optional_text("idempotency_key", idempotency_key);
            let wait = fields.optional_number("wait_seconds", wait_seconds);
            let request = CreateVideoRequest::read(fields, gateway);
            let source = |key: Option<String>| match key {
                Some(key) => {
                    Key { operation: OPERATION.into(), key, source: Source::Client { fingerprint: content.clone() } }
                }
                None => Key {
                    operation: OPERATION.into(),
                    key: content.clone(),
                    source: Source::Content { is_retry: true, received_at: clock::system_ms() },
                },
            };
            Some(Generate { request: request?, key: source(key?), wait: wait?.unwrap_or_default() })
        })
    }

    /// Reads the id of a video.
    pub(super) fn id(self) -> Result<JobId, ApiError> {
        self.read(|fields| fields.text("id", job))
    }

    /// Reads the id of a video, and how long to wait for it.
    pub(super) fn id_and_wait(self) -> Result<(JobId, Duration), ApiError> {
        self.read(|fields| {
            let id = fields.text("id", job);
            let wait = fields.optional_number("wait_seconds", wait_seconds);
            Some((id?, wait?.unwrap_or(crate::mcp::MAX_WAIT)))
        })
    }

    /// Reads which videos to list, and how many.
    pub(super) fn list(self) -> Result<(Filter, u64), ApiError> {
        self.read(|fields| {
            let status = fields.optional_text("status", status);
            let limit = fields.optional_number("limit", limit);
            let before = fields.optional_text("cursor", job);
            let statuses = status?.into_iter().collect();
            let filter = Filter { statuses, before: before?, ..Filter::default() };
            Some((filter, limit?.unwrap_or(LIST_LIMITS.0.unsigned_abs())))
        })
    }

    /// Rejects all arguments.
    pub(super) fn none(self) -> Result<(), ApiError> {
        self.read(|_| Some(()))
    }

    fn read<T>(self, read: impl FnOnce(&mut Fields) -> Option<T>) -> Result<T, ApiError> {
        let mut fields = Fields::of_form(self.0);
        let read = read(&mut fields);
        fields.finish()?;
        read.ok_or_else(|| ApiError::Internal("an invalid argument was not reported".into()))
    }
}

/// Names fields as the arguments are named.
pub(super) fn renamed(error: ApiError) -> ApiError {
    let ApiError::InvalidFields(errors) = error else { return error };
    let name = |field: String| {
        let argument = RENAMED.into_iter().find(|(_, name)| *name == field);
        argument.map_or(field.clone(), |(argument, _)| argument.to_owned())
    };
    ApiError::InvalidFields(errors.into_iter().map(|error| FieldError { field: name(error.field), ..error }).collect())
}

/// Returns a hash of what is generated, and for whom.
fn fingerprint(arguments: &JsonObject, grant: Grant) -> String {
    let is_content = |name: &str| !matches!(name, "idempotency_key" | "wait_seconds");
    let content: BTreeMap<&String, &Value> =
        arguments.iter().filter(|(name, value)| is_content(name) && !value.is_null()).collect();
    let grant = match grant {
        Grant::Session(session) => session.to_string(),
        Grant::Key(key) => key.to_string(),
    };
    secret::sha256(json!([grant, content]).to_string())
}

fn idempotency_key(text: &str) -> Rule<String> {
    let proper = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if proper {
        Ok(text.to_owned())
    } else {
        Err(("invalid_characters", "Must be 1 to 255 visible ASCII characters, such as a UUID.".into()))
    }
}

fn wait_seconds(seconds: i64) -> Rule<Duration> {
    let proper = u64::try_from(seconds).ok().filter(|_| seconds <= MAX_WAIT_SECONDS);
    proper
        .map(Duration::from_secs)
        .ok_or_else(|| ("out_of_range", format!("Must be a whole number from 0 to {MAX_WAIT_SECONDS}.")))
}

fn limit(limit: i64) -> Rule<u64> {
    let proper = u64::try_from(limit).ok().filter(|_| (1..=LIST_LIMITS.1).contains(&limit));
    proper.ok_or_else(|| ("out_of_range", format!("Must be a whole number from 1 to {}.", LIST_LIMITS.1)))
}

fn job(text: &str) -> Rule<JobId> {
    path::id(text).ok_or_else(|| ("unknown_value", "Must be the id of one of your videos.".into()))
}

fn status(text: &str) -> Rule<Status> {
    let status: Result<_, serde::de::value::Error> = Status::deserialize(text.into_deserializer());
    status.map_err(|_| ("unknown_value", "Must be pending, processing, completed, failed or cancelled.".into()))
}
