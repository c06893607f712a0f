//! `GET /v1/models`: model names that clients expect. Any other name is accepted as well.

use axum::Json;
use serde::Serialize;

const MODELS: [&str; 8] = [
    "sora2-landscape-10s",
    "sora2-landscape-15s",
    "sora2-landscape-25s",
    "sora2-portrait-10s",
    "sora2-portrait-15s",
    "sora2-portrait-25s",
    "sora-2",
    "sora-2-pro",
];

/// OpenAI's list object.
#[derive(Serialize)]
pub(crate) struct List {
    object: &'static str,
    data: [Model; MODELS.len()],
}

#[derive(Serialize)]
struct Model {
    id: &'static str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

/// Lists the models.
pub(crate) async fn list() -> Json<List> {
    let data = MODELS.map(|id| Model { id, object: "model", created: 1_759_276_800, owned_by: "simulator" });
    Json(List { object: "list", data })
}
