//! The log of a webhook's deliveries, and events on request: a test, or one that is sent again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::webhook_delivery::{self as delivery, DeliveryStatus, View};
use entity::webhook_endpoint as endpoint;
use entity::webhook_event::EventType;
use entity::{UserId, WebhookDeliveryId, WebhookEndpointId};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::find;
use super::request::event;
use crate::auth::{Caller, NO_STORE, Reader};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::path::{Id, Ids};
use crate::http::query::{Parameters, Query, QueryParameters, take_page};
use crate::state::Gateway;

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookDeliveries {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// Selects the next page; null on the last one.
    pub(crate) next_cursor: Option<WebhookDeliveryId>,
}

/// Selects deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliverySearch {
    /// The state.
    #[param(inline)]
    status: Option<DeliveryStatus>,
    /// Maximum number of rows.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    limit: u64,
    /// `nextCursor` of the previous page.
    #[param(value_type = Option<String>, format = "uuid")]
    cursor: Option<WebhookDeliveryId>,
}

impl QueryParameters for DeliverySearch {
    fn read(query: &mut Query) -> Self {
        Self { status: query.optional("status", status), cursor: query.cursor(), limit: query.limit() }
    }
}

/// List the deliveries of a webhook
///
/// Deliveries are kept for 30 days, and as long as their jobs.
#[utoipa::path(
    get, path = "/api/webhooks/{webhook}/deliveries", operation_id = "listWebhookDeliveries", tag = "Webhooks",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(DeliverySearch),
    responses((status = 200, description = "The deliveries, newest first.", body = WebhookDeliveries)),
)]
pub(crate) async fn deliveries(
    State(gateway): State<Gateway>,
    reader: Reader,
    Id(id): Id<WebhookEndpointId>,
    Parameters(DeliverySearch { status, limit, cursor }): Parameters<DeliverySearch>,
) -> Result<Response, ApiError> {
    let endpoint = find(&gateway, id, reader.user()).await?;
    let mut rows = delivery::page(&gateway.db, endpoint.id, status, cursor, limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |row| row.id);
    let data = rows.into_iter().map(View::from).collect();
    Ok(([NO_STORE], Json(WebhookDeliveries { data, next_cursor })).into_response())
}

/// Send a delivery again
///
/// Sends the same event under the same id, at once and with all retries, whether it was delivered, given up, or waits.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook}/deliveries/{delivery}/resend", operation_id = "resendWebhookDelivery",
    tag = "Webhooks", security(("session" = []), ("cookie" = [])),
    responses((status = 202, description = "The delivery, which is due.", body = View)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn resend(
    State(gateway): State<Gateway>,
    caller: Caller,
    Ids(id, delivery): Ids<WebhookEndpointId, WebhookDeliveryId>,
) -> Result<Response, ApiError> {
    let endpoint = find_enabled(&gateway, id, caller.user()).await?;
    let delivery = delivery::resend(&gateway.db, endpoint.id, delivery).await?;
    accepted(delivery.ok_or(ApiError::NotFound)?)
}

/// A test event.
#[derive(ToSchema)]
#[schema(example = json!({"event": "video.completed"}))]
pub(crate) struct TestWebhookRequest {
    /// The event's type; `video.completed` by default.
    event: Option<EventType>,
}

impl RequestBody for TestWebhookRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { event: fields.optional_text("event", |text| event(&Value::from(text)))? })
    }
}

/// Send a test event
///
/// The event has `"test": true` and a job that does not exist. Its delivery appears among the others.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook}/test", operation_id = "testWebhook", tag = "Webhooks",
    security(("session" = []), ("cookie" = [])),
    request_body = TestWebhookRequest,
    responses((status = 202, description = "The delivery, which is due.", body = View)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn send_test(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<WebhookEndpointId>,
    JsonBody { content: TestWebhookRequest { event }, .. }: JsonBody<TestWebhookRequest>,
) -> Result<Response, ApiError> {
    let endpoint = find_enabled(&gateway, id, caller.user()).await?;
    let kind = event.unwrap_or(EventType::Completed);
    let delivery = delivery::enqueue_test(&gateway.db, &endpoint, kind).await?;
    accepted(delivery.ok_or(ApiError::NotFound)?)
}

fn accepted(delivery: delivery::Model) -> Result<Response, ApiError> {
    Ok((StatusCode::ACCEPTED, [NO_STORE], Json(View::from(delivery))).into_response())
}

async fn find_enabled(gateway: &Gateway, id: WebhookEndpointId, user: UserId) -> Result<endpoint::Model, ApiError> {
    let endpoint = find(gateway, id, user).await?;
    if endpoint.enabled { Ok(endpoint) } else { Err(ApiError::WrongState("The webhook is disabled. Enable it first.")) }
}

fn status(text: &str) -> Rule<DeliveryStatus> {
    match text {
        "pending" => Ok(DeliveryStatus::Pending),
        "delivered" => Ok(DeliveryStatus::Delivered),
        "failed" => Ok(DeliveryStatus::Failed),
        _ => Err(("unknown_value", "Must be pending, delivered or failed.".into())),
    }
}
