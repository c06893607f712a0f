//! `/api/keys`: API keys for programs.
//!
//! A key is shown once, when it is created; only its hash is stored. Its scopes allow reading and creating jobs and videos.
//! No key has access to accounts, keys or administration.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::ApiKeyId;
use entity::api_key::{self, Scope, View};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::auth::{Caller, KEY_PREFIX, NO_STORE, key_revoked, visible};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::path::Id;
use crate::secret;
use crate::state::Gateway;

/// Maximum number of keys per user.
const MAX_KEYS: u64 = 50;

/// A user's keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Keys {
    /// Newest first.
    pub(crate) data: Vec<View>,
}

/// A key that was just created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    pub(crate) view: View,
    /// The key. It is not shown again.
    pub(crate) key: String,
}

/// What to create.
#[derive(ToSchema)]
#[schema(example = json!({"name": "nightly render", "scopes": ["read", "create"]}))]
pub(crate) struct CreateKeyRequest {
    /// Purpose of the key.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What the key may do.
    #[schema(min_items = 1, max_items = 2)]
    scopes: Vec<Scope>,
}

impl RequestBody for CreateKeyRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let (name, scopes) = (fields.text("name", name), fields.list("scopes", scope));
        let scopes = scopes?;
        if scopes.iter().enumerate().any(|(index, scope)| scopes[..index].contains(scope)) {
            return fields.reject("scopes", "duplicate", "Must not contain a scope twice.".into());
        }
        Some(Self { name: name?, scopes })
    }
}

/// List the caller's API keys
#[utoipa::path(
    get, path = "/api/keys", operation_id = "listKeys", tag = "Keys",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The keys, newest first.", body = Keys)),
)]
pub(crate) async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let keys = api_key::of_user(&gateway.db, caller.user()).await?;
    Ok(([NO_STORE], Json(Keys { data: keys.into_iter().map(View::from).collect() })).into_response())
}

/// Create an API key
///
/// A key reads jobs and videos (`read`) or changes them (`create`). It has no access to accounts, keys or administration.
#[utoipa::path(
    post, path = "/api/keys", operation_id = "createKey", tag = "Keys",
    security(("session" = []), ("cookie" = [])),
    request_body = CreateKeyRequest,
    responses((status = 201, description = "The key. It is shown only once.", body = NewKey)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { content, .. }: JsonBody<CreateKeyRequest>,
) -> Result<Response, ApiError> {
    let key = format!("{KEY_PREFIX}{}", secret::random());
    let CreateKeyRequest { name, scopes } = content;
    let new = api_key::New { user_id: caller.user(), name, hash: secret::sha256(&key), scopes };
    let too_many = ApiError::WrongState("An account can have at most 50 keys. Revoke one first.");
    let row = api_key::create(&gateway.db, new, MAX_KEYS).await?.ok_or(too_many)?;
    tracing::info!(key.id = %row.id, user.id = %row.user_id, "API key created");
    Ok((StatusCode::CREATED, [NO_STORE], Json(NewKey { view: row.into(), key })).into_response())
}

/// Revoke an API key
#[utoipa::path(
    delete, path = "/api/keys/{key}", operation_id = "revokeKey", tag = "Keys",
    security(("session" = []), ("cookie" = [])),
    responses((status = 204, description = "The key no longer works; its websockets close.")),
)]
pub(crate) async fn revoke(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<ApiKeyId>,
) -> Result<StatusCode, ApiError> {
    if !api_key::revoke(&gateway.db, id, caller.user()).await? {
        return Err(ApiError::NotFound);
    }
    key_revoked(&gateway, id).await;
    Ok(StatusCode::NO_CONTENT)
}

fn name(text: &str) -> Rule<String> {
    visible(text)?;
    match text.chars().count() {
        _ if text.trim().is_empty() => Err(("blank", "Must not be blank.".into())),
        0..=100 => Ok(text.to_owned()),
        _ => Err(("too_long", "Must have at most 100 characters.".into())),
    }
}

fn scope(value: &Value) -> Rule<Scope> {
    match value.as_str() {
        Some("read") => Ok(Scope::Read),
        Some("create") => Ok(Scope::Create),
        _ => Err(("unknown_value", "Must be read, create, or both.".into())),
    }
}
