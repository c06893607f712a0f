//! `/api/webhooks`: endpoints that are called when jobs end, and their deliveries.
//!
//! Processors send the events; the gateway only keeps the endpoints. API keys can read them. Only a session can change them:
//! an endpoint receives prompts and results for as long as it exists, longer than the key that would have created it.

pub(crate) mod deliveries;
mod request;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::webhook_endpoint::{self as endpoint, View};
use entity::{UserId, WebhookEndpointId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Caller, NO_STORE, Reader};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::JsonBody;
use crate::http::path::Id;
use crate::secret;
use crate::state::Gateway;
use request::{CreateWebhookRequest, UpdateWebhookRequest};

/// Maximum number of endpoints per user.
const MAX_WEBHOOKS: u64 = 10;

/// How long the secret before a rotation signs as well.
const OVERLAP: Duration = Duration::from_secs(86_400);

/// A user's endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    /// Newest first.
    pub(crate) data: Vec<View>,
}

/// An endpoint with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookWithSecret {
    #[serde(flatten)]
    pub(crate) view: View,
    /// The secret to verify signatures with: `whsec_` and base64. It is not shown again.
    pub(crate) secret: String,
}

impl From<endpoint::Model> for WebhookWithSecret {
    fn from(endpoint: endpoint::Model) -> Self {
        Self { secret: endpoint.secret.clone(), view: endpoint.into() }
    }
}

/// List the caller's webhooks
#[utoipa::path(
    get, path = "/api/webhooks", operation_id = "listWebhooks", tag = "Webhooks",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The webhooks, newest first.", body = Webhooks)),
)]
pub(crate) async fn list(State(gateway): State<Gateway>, reader: Reader) -> Result<Response, ApiError> {
    let endpoints = endpoint::of_user(&gateway.db, reader.user()).await?;
    Ok(([NO_STORE], Json(Webhooks { data: endpoints.into_iter().map(View::from).collect() })).into_response())
}

/// Create a webhook
///
/// The address is called when a job of the caller ends. It must be `https` on the public network, unless the server allows
/// more (`WEBHOOK_ALLOW`). The secret is shown only once.
#[utoipa::path(
    post, path = "/api/webhooks", operation_id = "createWebhook", tag = "Webhooks",
    security(("session" = []), ("cookie" = [])),
    request_body = CreateWebhookRequest,
    responses((status = 201, description = "The webhook with its secret.", body = WebhookWithSecret)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { content, .. }: JsonBody<CreateWebhookRequest>,
) -> Result<Response, ApiError> {
    let new = content.into_new(caller.user(), secret::webhook_secret());
    let endpoint = endpoint::create(&gateway.db, new, MAX_WEBHOOKS).await?;
    let endpoint =
        endpoint.ok_or(ApiError::WrongState("An account can have at most 10 webhooks. Delete one first."))?;
    tracing::info!(webhook.id = %endpoint.id, user.id = %endpoint.user_id, "webhook created");
    Ok((StatusCode::CREATED, [NO_STORE], Json(WebhookWithSecret::from(endpoint))).into_response())
}

/// Get a webhook
#[utoipa::path(
    get, path = "/api/webhooks/{webhook}", operation_id = "readWebhook", tag = "Webhooks",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The webhook.", body = View)),
)]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    reader: Reader,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Response, ApiError> {
    let endpoint = find(&gateway, id, reader.user()).await?;
    Ok(([NO_STORE], Json(View::from(endpoint))).into_response())
}

/// Change a webhook
///
/// Fields that are missing stay as they are. Enabling a webhook that was disabled sends the events that were waiting then.
#[utoipa::path(
    patch, path = "/api/webhooks/{webhook}", operation_id = "updateWebhook", tag = "Webhooks",
    security(("session" = []), ("cookie" = [])),
    request_body = UpdateWebhookRequest,
    responses((status = 200, description = "The changed webhook.", body = View)),
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<WebhookEndpointId>,
    JsonBody { content, .. }: JsonBody<UpdateWebhookRequest>,
) -> Result<Response, ApiError> {
    let changed = endpoint::update(&gateway.db, id, caller.user(), content.into()).await?;
    let endpoint = changed.ok_or(ApiError::NotFound)?;
    tracing::info!(webhook.id = %endpoint.id, user.id = %endpoint.user_id, "webhook changed");
    Ok(([NO_STORE], Json(View::from(endpoint))).into_response())
}

/// Delete a webhook
///
/// Events that were not delivered yet are discarded.
#[utoipa::path(
    delete, path = "/api/webhooks/{webhook}", operation_id = "deleteWebhook", tag = "Webhooks",
    security(("session" = []), ("cookie" = [])),
    responses((status = 204, description = "The webhook is not called any more.")),
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<WebhookEndpointId>,
) -> Result<StatusCode, ApiError> {
    let deleted = endpoint::delete(&gateway.db, id, caller.user()).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound) }
}

/// Replace the secret of a webhook
///
/// For a day, events are signed with both secrets, so that the receiver can be changed without losing any.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook}/rotate", operation_id = "rotateWebhookSecret", tag = "Webhooks",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The webhook with its new secret.", body = WebhookWithSecret)),
)]
pub(crate) async fn rotate(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Response, ApiError> {
    let rotated = endpoint::rotate(&gateway.db, id, caller.user(), secret::webhook_secret(), OVERLAP).await?;
    let endpoint = rotated.ok_or(ApiError::NotFound)?;
    tracing::info!(webhook.id = %endpoint.id, user.id = %endpoint.user_id, "webhook secret replaced");
    Ok(([NO_STORE], Json(WebhookWithSecret::from(endpoint))).into_response())
}

async fn find(gateway: &Gateway, id: WebhookEndpointId, user: UserId) -> Result<endpoint::Model, ApiError> {
    endpoint::find(&gateway.db, id, user).await?.ok_or(ApiError::NotFound)
}
