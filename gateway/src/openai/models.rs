//! `GET /v1/models`: the models of the configuration, with what each can do.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{NO_STORE, Reader};
use crate::config::Catalogue;
use crate::error::ApiError;
use crate::http::path::Name;
use crate::state::Gateway;

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiModel)]
pub(crate) struct Model {
    /// Name.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Always 0: the time is not known.
    created: i64,
    /// Always `upstream`.
    owned_by: &'static str,
    /// What it can do. An extension of OpenAI's object.
    capabilities: Capabilities,
}

/// What a model can do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiCapabilities)]
struct Capabilities {
    /// Lengths in seconds.
    seconds: Vec<String>,
    /// Sizes as width and height.
    sizes: Vec<String>,
    /// Whether a video can start from an image.
    input_reference: bool,
    /// Whether a video can be remixed.
    remix: bool,
}

/// All models.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiModelList)]
struct ModelList {
    /// Always `list`.
    object: &'static str,
    /// The models; the first is the default.
    data: Vec<Model>,
}

/// List the models
#[utoipa::path(
    get, path = "/v1/models", operation_id = "openaiListModels", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    responses((status = 200, description = "The models with what each can do.", body = ModelList)),
)]
pub(crate) async fn list(State(gateway): State<Gateway>, _: Reader) -> Response {
    let catalogue = &gateway.config.catalogue;
    let data = catalogue.models.iter().map(|id| describe(catalogue, id)).collect();
    ([NO_STORE], Json(ModelList { object: "list", data })).into_response()
}

/// Get a model
#[utoipa::path(
    get, path = "/v1/models/{model}", operation_id = "openaiReadModel", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    responses((status = 200, description = "The model with what it can do.", body = Model)),
)]
pub(crate) async fn read(State(gateway): State<Gateway>, _: Reader, Name(name): Name) -> Result<Response, ApiError> {
    let catalogue = &gateway.config.catalogue;
    let known = catalogue.models.iter().find(|known| **known == name).ok_or(ApiError::NotFound)?;
    Ok(([NO_STORE], Json(describe(catalogue, known))).into_response())
}

fn describe(catalogue: &Catalogue, id: &str) -> Model {
    let capabilities = Capabilities {
        seconds: catalogue.seconds.iter().map(ToString::to_string).collect(),
        sizes: catalogue.sizes.iter().map(ToString::to_string).collect(),
        input_reference: true,
        remix: true,
    };
    Model { id: id.to_owned(), object: "model", created: 0, owned_by: "upstream", capabilities }
}
