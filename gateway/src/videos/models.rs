//! `GET /api/models`: the models on offer, with what each can do and costs.

use ::catalogue::{self, Catalogue};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::job::Orientation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Reader;
use crate::state::Gateway;

/// A model with its options.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// Name.
    id: String,
    /// Title for people; the name where a language has none.
    title: Title,
    /// Orientations; the first is the default.
    orientations: Vec<Orientation>,
    /// Lengths in seconds; the first is the default.
    seconds: Vec<i32>,
    /// Sizes as width and height; the first of an orientation is its default.
    sizes: Vec<String>,
    /// Whether a video can start from an image.
    reference_image: ReferenceImage,
    /// Whether a video can be a variation of another one (`remixOf`).
    remix: bool,
    /// What a video costs, if it is known.
    price: Option<Price>,
    /// Whether it is going to be retired.
    status: Status,
    /// The day on which it is going to be retired, as `YYYY-MM-DD`.
    retires_on: Option<String>,
    /// Whether it is the default.
    default: bool,
}

/// A title in each language.
#[derive(Debug, Serialize, ToSchema)]
struct Title {
    /// English.
    en: String,
    /// Chinese.
    zh: String,
}

/// Whether a video can start from an image.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ReferenceImage {
    /// Requests with an image are rejected.
    No,
    /// Requests may have an image.
    Optional,
    /// Requests without an image are rejected.
    Required,
}

/// Whether a model is going to be retired. Retired models are not listed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ModelStatus)]
pub(crate) enum Status {
    /// It is not.
    Active,
    /// It can still be used.
    Deprecated,
}

/// What a video costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Price {
    /// What the amount is paid for.
    per: Per,
    /// Decimal number in the currency's main unit, such as `0.40`. A video's price is rounded up to the minor unit.
    amount: String,
    /// Code of ISO 4217, such as `CNY`.
    currency: &'static str,
}

/// What an amount is paid for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Per {
    /// A video, whatever its length.
    Video,
    /// A second of a video.
    Second,
}

/// Defaults of a new job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Defaults {
    /// Model.
    model: String,
    /// Orientation.
    orientation: Orientation,
    /// Length in seconds.
    seconds: i32,
    /// Size as width and height.
    size: String,
}

/// The models and the defaults.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    /// All models that new videos can be made with.
    models: Vec<Model>,
    /// Defaults of a new job, which are those of the default model.
    defaults: Defaults,
    /// Whether generations are free, as with the simulator.
    free: bool,
}

impl From<&Catalogue> for Models {
    fn from(catalogue: &Catalogue) -> Self {
        let default = catalogue.default_model();
        let size = default.and_then(|model| model.sizes.first());
        let defaults = Defaults {
            model: default.map(|model| model.name.clone()).unwrap_or_default(),
            orientation: size.map_or(Orientation::Landscape, |size| size.orientation()),
            seconds: default.and_then(|model| model.seconds.first().copied()).unwrap_or_default(),
            size: size.map(ToString::to_string).unwrap_or_default(),
        };
        let described = |model| Model { default: Some(model) == default, ..Model::from(model) };
        Self { models: catalogue.offered().map(described).collect(), defaults, free: catalogue.free }
    }
}

impl From<&catalogue::Model> for Model {
    fn from(model: &catalogue::Model) -> Self {
        let title = |title: &Option<String>| title.as_ref().unwrap_or(&model.name).clone();
        Self {
            id: model.name.clone(),
            title: Title { en: title(&model.title_en), zh: title(&model.title_zh) },
            orientations: model.orientations(),
            seconds: model.seconds.clone(),
            sizes: model.sizes.iter().map(ToString::to_string).collect(),
            reference_image: match model.reference_image {
                catalogue::ReferenceImage::No => ReferenceImage::No,
                catalogue::ReferenceImage::Optional => ReferenceImage::Optional,
                catalogue::ReferenceImage::Required => ReferenceImage::Required,
            },
            remix: model.remix,
            price: model.price.map(Price::from),
            status: model.status.into(),
            retires_on: model.retires_on.clone(),
            default: false,
        }
    }
}

impl From<catalogue::Status> for Status {
    fn from(status: catalogue::Status) -> Self {
        match status {
            catalogue::Status::Active => Self::Active,
            catalogue::Status::Deprecated | catalogue::Status::Retired => Self::Deprecated,
        }
    }
}

impl From<catalogue::Price> for Price {
    fn from(price: catalogue::Price) -> Self {
        let per = match price.per {
            catalogue::Per::Video => Per::Video,
            catalogue::Per::Second => Per::Second,
        };
        Self { per, amount: price.decimal(), currency: price.currency.code() }
    }
}

/// List the models
#[utoipa::path(
    get, path = "/api/models", operation_id = "listModels", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The models with what each can do and costs, and the defaults.", body = Models)),
)]
pub(crate) async fn models(State(gateway): State<Gateway>, _: Reader) -> Response {
    let models = Models::from(&gateway.config.catalogue);
    ([(header::CACHE_CONTROL, "private, no-cache")], Json(models)).into_response()
}
