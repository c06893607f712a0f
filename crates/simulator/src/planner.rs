//! What every submission goes through before it is answered, in either dialect: who asks, and how it shall go.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};

use crate::behaviour::tag::Tags;
use crate::http::error::ApiError;
use crate::media::clip::fingerprint;
use crate::plan::Plan;
use crate::server::Shared;
use crate::stats::counters::Origin;

/// Counts a request under its prompt and decides about it.
///
/// # Errors
/// If a tag of the prompt cannot be obeyed.
pub(crate) fn admit(shared: &Shared, prompt: &str, image: bool) -> Result<(Origin, Plan), ApiError> {
    let tags = Tags::of(prompt);
    let origin = Origin { prompt: fingerprint(prompt), tag: tags.label.into() };
    let nth = shared.ledger.request(&origin, image);
    let tagged = tags.behaviours.map_err(|bad| {
        ApiError::invalid(StatusCode::BAD_REQUEST, bad.to_string()).param("prompt").code("unknown_behaviour")
    })?;
    Ok((origin, Plan::new(&shared.config, &tagged, nth)))
}

/// Lets in who carries the token, or anybody when there is none.
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

/// The address under which the client reached this server, so that it can also reach the video.
pub(crate) fn base_url(headers: &HeaderMap, shared: &Shared) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.map_or_else(|| shared.url.clone(), |host| format!("http://{host}"))
}
