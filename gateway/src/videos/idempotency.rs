//! `Idempotency-Key`: a repeated request returns the same jobs and starts nothing new.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use entity::idempotency_key::{Idempotent, Key, Source};
use entity::job::{self, Model};
use entity::{JobId, UserId, idempotency_key};

use crate::error::{ApiError, FieldError};
use crate::state::Gateway;

const HEADER: &str = "idempotency-key";

/// Marks a replayed response.
pub(crate) const REPLAYED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));

/// Returns the key of a request, if it has one. `body` is a hash of the request body.
pub(crate) fn key(headers: &HeaderMap, operation: String, body: &str) -> Result<Option<Key>, ApiError> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let key = key.ok_or_else(|| {
        ApiError::InvalidFields(vec![FieldError {
            field: "Idempotency-Key".into(),
            code: "invalid_characters",
            message: "Must be 1 to 255 visible ASCII characters, such as a UUID.".into(),
        }])
    })?;
    Ok(Some(Key { operation, key: key.to_owned(), source: Source::Client { fingerprint: body.to_owned() } }))
}

/// Whether the request repeats an earlier one, or uses its key.
pub(crate) async fn is_known(gateway: &Gateway, user: UserId, key: Option<&Key>) -> Result<bool, ApiError> {
    match key {
        Some(key) => Ok(idempotency_key::find::<()>(&gateway.db, user, key).await?.is_some()),
        None => Ok(false),
    }
}

/// Returns the jobs of the earlier request that this one repeats, if it does.
///
/// # Errors
/// The key was used with another body, or its jobs have been deleted.
pub(crate) async fn replayed(
    gateway: &Gateway,
    user: UserId,
    key: Option<&Key>,
) -> Result<Option<Vec<Model>>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let Some(found) = idempotency_key::find::<()>(&gateway.db, user, key).await? else { return Ok(None) };
    match resolve(gateway, user, found).await? {
        Resolved::Created(()) => Ok(None),
        Resolved::Replayed(before) => Ok(Some(before)),
    }
}

/// What a request led to.
pub(crate) enum Resolved<T> {
    /// It was carried out.
    Created(T),
    /// It repeats an earlier one, which created these jobs.
    Replayed(Vec<Model>),
}

/// Returns what the request created, or else the current state of the jobs that the first request with its key created.
///
/// # Errors
/// The key was used with another body, or its jobs have been deleted.
pub(crate) async fn resolve<T>(
    gateway: &Gateway,
    user: UserId,
    claimed: Idempotent<T>,
) -> Result<Resolved<T>, ApiError> {
    match claimed {
        Idempotent::Created(done) => Ok(Resolved::Created(done)),
        Idempotent::Conflict => Err(ApiError::IdempotencyKeyReused),
        Idempotent::Replayed(ids) => Ok(Resolved::Replayed(replayed_jobs(gateway, user, &ids).await?)),
    }
}

async fn replayed_jobs(gateway: &Gateway, user: UserId, ids: &[JobId]) -> Result<Vec<Model>, ApiError> {
    let mut jobs = job::by_ids_of_user(&gateway.db, user, ids).await?;
    jobs.sort_by_key(|job| job.id);
    if jobs.is_empty() { Err(ApiError::Gone) } else { Ok(jobs) }
}
