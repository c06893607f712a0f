//! Bearer authentication of the API endpoints.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};

use super::error::ApiError;

/// Checks the bearer token. Without a configured token every request passes.
///
/// # Errors
/// 401 if the token is missing or wrong.
pub(crate) fn authorise(headers: &HeaderMap, token: Option<&str>) -> Result<(), ApiError> {
    let Some(token) = token else { return Ok(()) };
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match bearer {
        Some(bearer) if bearer == token => Ok(()),
        Some(_) => {
            Err(ApiError::invalid(StatusCode::UNAUTHORIZED, "Incorrect API key provided.").code("invalid_api_key"))
        }
        None => Err(ApiError::invalid(StatusCode::UNAUTHORIZED, "You didn't provide an API key.")),
    }
}
