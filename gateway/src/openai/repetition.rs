//! Requests that a client repeats: the same job, whatever was lost on the way.
//!
//! OpenAI's SDKs repeat a request by themselves when its response is lost, without an idempotency key. They count the
//! repetitions in a header. A repetition stands for the latest request of the user with the same content within
//! [`RETRY_WINDOW`](entity::idempotency_key::RETRY_WINDOW); the first request of a click is a new one, unless its repetition
//! has just overtaken it.

use axum::http::HeaderMap;
use entity::clock::system_ms;
use entity::idempotency_key::{Key, Source};

use crate::error::ApiError;
use crate::videos::idempotency;

const RETRY_COUNT: &str = "x-stainless-retry-count";

/// The operation of all keys below `/v1`.
const OPERATION: &str = "v1 create";

/// What the headers of a request say about its repetition.
pub(super) struct Repetition {
    headers: HeaderMap,
    received_at: i64,
}

impl Repetition {
    /// Takes the headers of a request that has just arrived.
    pub(super) fn new(headers: &HeaderMap) -> Self {
        Self { headers: headers.clone(), received_at: system_ms() }
    }

    /// Returns the idempotency key of the request, whose content has this hash: the client's, or one made of the content if
    /// an SDK sent the request.
    ///
    /// # Errors
    /// The client's key is malformed.
    pub(super) fn key(&self, content: &str) -> Result<Option<Key>, ApiError> {
        if let Some(key) = idempotency::key(&self.headers, OPERATION.into(), content)? {
            return Ok(Some(key));
        }
        let count = self.headers.get(RETRY_COUNT).and_then(|count| count.to_str().ok()?.parse::<u32>().ok());
        Ok(count.map(|count| Key {
            operation: OPERATION.into(),
            key: content.to_owned(),
            source: Source::Content { is_retry: count > 0, received_at: self.received_at },
        }))
    }
}
