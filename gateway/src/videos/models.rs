//! `GET /api/models`: what can be asked for, out of the configuration.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::job::Orientation;
use serde_json::json;

use crate::auth::Reader;
use crate::config::Catalogue;
use crate::state::Gateway;

/// What can be asked for as a shape; the first is the default.
pub(crate) const ORIENTATIONS: [Orientation; 2] = [Orientation::Landscape, Orientation::Portrait];

impl Catalogue {
    pub(crate) fn default_model(&self) -> String {
        self.models.first().cloned().unwrap_or_default()
    }

    pub(crate) fn default_seconds(&self) -> i32 {
        self.seconds.first().copied().unwrap_or_default()
    }
}

/// The models, each with its shapes and lengths, and what is taken when nothing is said.
pub(crate) async fn models(State(gateway): State<Gateway>, _: Reader) -> Response {
    let catalogue = &gateway.config.catalogue;
    let default = catalogue.default_model();
    let model = |id: &String| json!({"id": id, "orientations": ORIENTATIONS, "seconds": catalogue.seconds, "default": *id == default});
    let body = json!({
        "models": catalogue.models.iter().map(model).collect::<Vec<_>>(),
        "defaults": {"model": default, "orientation": ORIENTATIONS[0], "seconds": catalogue.default_seconds()},
    });
    ([(header::CACHE_CONTROL, "private, no-cache")], Json(body)).into_response()
}
