//! `GET /v1/models`: the models on offer, with what each can do and costs.

use ::catalogue::{self, Catalogue, ReferenceImage, Status as Availability};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{NO_STORE, Reader};
use crate::error::ApiError;
use crate::http::path::Name;
use crate::state::Gateway;
use crate::videos::models::{Price, Status};

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
    /// What a video costs, if it is known. An extension.
    price: Option<Price>,
    /// Whether it is going to be retired. An extension.
    status: Status,
    /// The day on which it is going to be retired, as `YYYY-MM-DD`. An extension.
    retires_on: Option<String>,
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
    /// Whether a video must start from an image.
    input_reference_required: bool,
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
    let data = default_first(catalogue).map(Model::from).collect();
    ([NO_STORE], Json(ModelList { object: "list", data })).into_response()
}

/// Get a model
#[utoipa::path(
    get, path = "/v1/models/{model}", operation_id = "openaiReadModel", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    responses((status = 200, description = "The model with what it can do.", body = Model)),
)]
pub(crate) async fn read(State(gateway): State<Gateway>, _: Reader, Name(name): Name) -> Result<Response, ApiError> {
    let known = gateway.config.catalogue.model(&name).filter(|model| model.status != Availability::Retired);
    Ok(([NO_STORE], Json(Model::from(known.ok_or(ApiError::NotFound)?))).into_response())
}

fn default_first(catalogue: &Catalogue) -> impl Iterator<Item = &catalogue::Model> {
    let default = catalogue.default_model();
    let others = catalogue.offered().filter(move |model| Some(*model) != default);
    default.into_iter().chain(others)
}

impl From<&catalogue::Model> for Model {
    fn from(model: &catalogue::Model) -> Self {
        let capabilities = Capabilities {
            seconds: model.seconds.iter().map(ToString::to_string).collect(),
            sizes: model.sizes.iter().map(ToString::to_string).collect(),
            input_reference: model.reference_image != ReferenceImage::No,
            input_reference_required: model.reference_image == ReferenceImage::Required,
            remix: model.remix,
        };
        Self {
            id: model.name.clone(),
            object: "model",
            created: 0,
            owned_by: "upstream",
            capabilities,
            price: model.price.map(Price::from),
            status: model.status.into(),
            retires_on: model.retires_on.clone(),
        }
    }
}
