//! `GET /api/models`: the models and options in the configuration.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::job::Orientation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Reader;
use crate::config::{Catalogue, ORIENTATIONS};
use crate::state::Gateway;

/// A model with its options.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    /// Name.
    pub(crate) id: String,
    /// Orientations.
    pub(crate) orientations: Vec<Orientation>,
    /// Lengths in seconds.
    pub(crate) seconds: Vec<i32>,
    /// Sizes as width and height.
    pub(crate) sizes: Vec<String>,
    /// Whether it is the default.
    pub(crate) default: bool,
}

/// Defaults of a new job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Defaults {
    /// Model.
    pub(crate) model: String,
    /// Orientation.
    pub(crate) orientation: Orientation,
    /// Length in seconds.
    pub(crate) seconds: i32,
    /// Size as width and height.
    pub(crate) size: String,
}

/// The models and the defaults.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    /// All models.
    pub(crate) models: Vec<Model>,
    /// Defaults of a new job.
    pub(crate) defaults: Defaults,
    /// Whether generations are free, as with the simulator.
    pub(crate) free: bool,
}

impl From<&Catalogue> for Models {
    fn from(catalogue: &Catalogue) -> Self {
        let (model, seconds) = (catalogue.default_model(), catalogue.default_seconds());
        let described = |id: &String| Model {
            id: id.clone(),
            orientations: ORIENTATIONS.to_vec(),
            seconds: catalogue.seconds.clone(),
            sizes: catalogue.sizes.iter().map(ToString::to_string).collect(),
            default: *id == model,
        };
        let models = catalogue.models.iter().map(described).collect();
        let (orientation, size) = (ORIENTATIONS[0], catalogue.default_size(ORIENTATIONS[0]));
        Self { models, defaults: Defaults { model, orientation, seconds, size }, free: catalogue.free }
    }
}

/// List the models
#[utoipa::path(
    get, path = "/api/models", operation_id = "listModels", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The models with their options, and the defaults.", body = Models)),
)]
pub(crate) async fn models(State(gateway): State<Gateway>, _: Reader) -> Response {
    let models = Models::from(&gateway.config.catalogue);
    ([(header::CACHE_CONTROL, "private, no-cache")], Json(models)).into_response()
}
