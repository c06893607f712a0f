//! `/sim/…`: the counts over HTTP, for tests and drills that run the simulator as a process.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::server::Shared;

/// Which counts are wanted.
#[derive(Deserialize)]
pub(crate) struct Of {
    prompt: Option<String>,
}

/// `GET /sim/stats`, `GET /sim/stats?prompt=…`.
pub(crate) async fn read(State(shared): State<Arc<Shared>>, Query(of): Query<Of>) -> Response {
    match of.prompt {
        Some(prompt) => Json(shared.ledger.stats_of(&prompt)).into_response(),
        None => Json(shared.ledger.stats()).into_response(),
    }
}

/// `POST /sim/reset`.
pub(crate) async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.ledger.reset();
    StatusCode::NO_CONTENT
}
