//! `GET /api/models`: what can be asked for, out of the configuration.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::job::Orientation;
use serde_json::json;

use crate::auth::Caller;
use crate::config::Catalogue;
use crate::state::Gateway;

/// What can be asked for as a shape; the first is the default.
pub(crate) const ORIENTATIONS: [Orientation; 2] = [Orientation::Landscape, Orientation::Portrait];

impl Catalogue {
    pub(crate) fn default_model(&self) -> String {
        self.models.first().cloned().unwrap_or_default()
    }

    /// The size of a shape when none is asked for.
    pub(crate) fn default_size(&self, orientation: Orientation) -> String {
        let size = self.sizes.iter().find(|size| size.orientation() == orientation);
        size.map(ToString::to_string).unwrap_or_default()
    }

    pub(crate) fn default_seconds(&self) -> i32 {
        self.seconds.first().copied().unwrap_or_default()
    }
}

/// The models, each with its shapes and lengths, and what is taken when nothing is said.
pub(crate) async fn models(State(gateway): State<Gateway>, _: Caller) -> Response {
    let catalogue = &gateway.config.catalogue;
    let default = catalogue.default_model();
    let sizes: Vec<_> = catalogue.sizes.iter().map(ToString::to_string).collect();
    let model = |id: &String| {
        let (orientations, seconds, default) = (ORIENTATIONS, &catalogue.seconds, *id == default);
        json!({"id": id, "orientations": orientations, "seconds": seconds, "sizes": sizes, "default": default})
    };
    let size = catalogue.default_size(ORIENTATIONS[0]);
    let body = json!({
        "models": catalogue.models.iter().map(model).collect::<Vec<_>>(),
        "defaults": {"model": default, "orientation": ORIENTATIONS[0], "seconds": catalogue.default_seconds(), "size": size},
    });
    ([(header::CACHE_CONTROL, "private, no-cache")], Json(body)).into_response()
}
