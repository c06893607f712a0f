//! `/sim/…`: the counts over HTTP, for tests that run the simulator as a process.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::state::AppState;

/// Query of `GET /sim/stats`.
#[derive(Deserialize)]
pub(crate) struct StatsQuery {
    prompt: Option<String>,
}

/// `GET /sim/stats`, `GET /sim/stats?prompt=…`.
pub(crate) async fn read(State(app): State<Arc<AppState>>, Query(query): Query<StatsQuery>) -> Response {
    match query.prompt {
        Some(prompt) => Json(app.counters.stats_of(&prompt)).into_response(),
        None => Json(app.counters.stats()).into_response(),
    }
}

/// `POST /sim/reset`.
pub(crate) async fn reset(State(app): State<Arc<AppState>>) -> StatusCode {
    app.counters.reset();
    StatusCode::NO_CONTENT
}
