//! `/api/auth`: register, sign in, sign out, and the current user.
//!
//! A page receives its session as a cookie and never the token; a program receives the token and no cookie.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use entity::clock::{millis, rfc3339, system_ms};
use entity::image;
use entity::user::{self, InitialRole, Registered};
use serde::Serialize;
use service::settings::AppEnv;
use utoipa::ToSchema;

use crate::auth::sign_in::{require_password, require_registration_allowed};
use crate::auth::{Caller, cookie, notify, rules};
use crate::config::Registration;
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody};
use crate::http::client_address::ClientAddress;
use crate::http::origin;
use crate::secret::constant_time_eq;
use crate::state::Gateway;

/// `Cache-Control` of responses with private data.
pub(crate) const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    /// The account.
    pub(crate) user: user::View,
    /// Token for `Authorization: Bearer …`; absent for pages, which get a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// When the session expires (RFC 3339, UTC).
    pub(crate) expires_at: String,
}

/// The current user and their storage use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// The account.
    pub(crate) user: user::View,
    /// When the session expires (RFC 3339, UTC).
    pub(crate) expires_at: String,
    /// Storage used by videos and images.
    pub(crate) storage: StorageUse,
}

/// Storage use of a user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StorageUse {
    /// Bytes used.
    pub(crate) used: u64,
    /// Maximum bytes; null = unlimited.
    pub(crate) quota: Option<u64>,
}

impl SignedIn {
    /// Describes an existing session.
    pub(crate) fn without_token(user: user::Model, expires_at: i64) -> Self {
        Self { user: user.into(), token: None, expires_at: rfc3339(expires_at) }
    }
}

/// A new account.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"email": "ada@example.org", "password": "correct horse battery", "name": "Ada"}))]
pub(crate) struct RegisterRequest {
    /// Address to sign in with. No mail is sent to it.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// 8–128 characters.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    password: String,
    /// Name to display.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// One-time token from the server's log. It makes the account the first administrator.
    setup_token: Option<String>,
}

impl RequestBody for RegisterRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let (email, password) = (fields.text("email", rules::email), fields.text("password", rules::new_password));
        let name = fields.optional_text("name", rules::name);
        let setup_token = fields.optional_text("setupToken", rules::any);
        Some(Self { email: email?, password: password?, name: name?.flatten(), setup_token: setup_token? })
    }
}

/// Create an account
///
/// A program receives a token. A page, recognised by its `Origin`, receives a cookie and no token.
#[utoipa::path(
    post, path = "/api/auth/register", operation_id = "register", tag = "Account",
    request_body = RegisterRequest,
    responses((status = 201, description = "The account has been created and is signed in.", body = SignedIn)),
    extensions(("x-errors" = json!([
        ErrorCode::EmailTaken,
        ErrorCode::RegistrationClosed,
        ErrorCode::InvalidSetupToken,
        ErrorCode::ForbiddenOrigin,
        ErrorCode::TooManyAttempts,
    ]))),
)]
pub(crate) async fn register(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    headers: HeaderMap,
    JsonBody { content: account, .. }: JsonBody<RegisterRequest>,
) -> Result<Response, ApiError> {
    require_allowed_page(&gateway, &headers)?;
    let role = initial_role(&gateway, account.setup_token.as_deref())?;
    require_registration_allowed(&gateway, client).await?;
    let password_hash = gateway.auth.passwords.hash(client.share(), account.password).await?;
    let new = user::New { email: account.email, name: account.name, password_hash };
    let user = match user::register(&gateway.db, new, role).await? {
        Registered::Created(user) => user,
        Registered::EmailTaken => return Err(ApiError::EmailTaken),
        Registered::SetupClosed => return Err(ApiError::InvalidSetupToken),
    };
    tracing::info!(user.id = %user.id, "account created");
    sign_in(&gateway, &headers, user, StatusCode::CREATED).await
}

/// Returns the role of a new account. The setup token allows one even if registration is closed.
fn initial_role(gateway: &Gateway, setup_token: Option<&str>) -> Result<InitialRole, ApiError> {
    match setup_token {
        Some(token) if constant_time_eq(token, &gateway.auth.setup_token) => Ok(InitialRole::FirstAdmin),
        Some(_) => Err(ApiError::InvalidSetupToken),
        None if gateway.config.auth.registration == Registration::Closed => Err(ApiError::RegistrationClosed),
        None if gateway.config.settings.app_env == AppEnv::Demo => Ok(InitialRole::AdminIfFirst),
        None => Ok(InitialRole::User),
    }
}

/// Credentials of an account.
#[derive(ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "password": "correct horse battery"}))]
pub(crate) struct LoginRequest {
    /// Address of the account.
    email: String,
    /// Its password.
    #[schema(format = "password")]
    password: String,
}

impl RequestBody for LoginRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let (email, password) = (fields.text("email", rules::any), fields.text("password", rules::any));
        Some(Self { email: email?, password: password? })
    }
}

/// Sign in
///
/// A program receives a token. A page, recognised by its `Origin`, receives a cookie and no token. An unknown address and a
/// wrong password return the same error after the same time.
#[utoipa::path(
    post, path = "/api/auth/login", operation_id = "login", tag = "Account",
    request_body = LoginRequest,
    responses((status = 200, description = "Signed in.", body = SignedIn)),
    extensions(("x-errors" = json!([
        ErrorCode::InvalidCredentials,
        ErrorCode::TooManyAttempts,
        ErrorCode::ForbiddenOrigin,
    ]))),
)]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    headers: HeaderMap,
    JsonBody { content: LoginRequest { email, password }, .. }: JsonBody<LoginRequest>,
) -> Result<Response, ApiError> {
    require_allowed_page(&gateway, &headers)?;
    let known = find_account(&gateway, &email).await?.filter(|user| user.disabled_at.is_none());
    let email = rules::email(&email).unwrap_or_default();
    let user = require_password(&gateway, client, &email, known, password).await?;
    sign_in(&gateway, &headers, user, StatusCode::OK).await
}

/// Finds an account by its address. Accounts from before addresses were normalised have theirs as it was typed.
async fn find_account(gateway: &Gateway, typed: &str) -> Result<Option<user::Model>, ApiError> {
    if let Ok(email) = rules::email(typed)
        && let Some(known) = user::by_email(&gateway.db, &email).await?
    {
        return Ok(Some(known));
    }
    if typed.contains(char::is_control) {
        return Ok(None);
    }
    Ok(user::by_email(&gateway.db, &typed.to_lowercase()).await?)
}

/// End the current session
#[utoipa::path(
    post, path = "/api/auth/logout", operation_id = "logout", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 204, description = "The session has ended; its websockets close.")),
)]
pub(crate) async fn logout(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let id = caller.session.id;
    entity::session::revoke(&gateway.db, id).await?;
    notify::sessions_ended(&gateway, vec![id]).await;
    let cookie = cookie::clear(&gateway.config).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, [NO_STORE], AppendHeaders(cookie)).into_response())
}

/// Get the current account
#[utoipa::path(
    get, path = "/api/auth/me", operation_id = "readAccount", tag = "Account",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The account, its session, and its storage usage.", body = Me)),
)]
pub(crate) async fn me(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let session = &caller.session;
    let used = image::stored_bytes(&gateway.db, session.user.id).await?;
    let quota = Some(gateway.config.quotas.storage_bytes).filter(|quota| *quota > 0);
    let user = session.user.clone().into();
    let body = Me { user, expires_at: rfc3339(session.expires_at), storage: StorageUse { used, quota } };
    Ok(([NO_STORE], Json(body)).into_response())
}

/// Requires an allowed origin if a page sent the request, so that other sites cannot sign a user in or out.
fn require_allowed_page(gateway: &Gateway, headers: &HeaderMap) -> Result<(), ApiError> {
    if origin::is_from_page(headers) { gateway.origins.require(headers) } else { Ok(()) }
}

async fn sign_in(
    gateway: &Gateway,
    headers: &HeaderMap,
    user: user::Model,
    status: StatusCode,
) -> Result<Response, ApiError> {
    // Whole seconds, like a token's `exp`.
    let expires_at = (system_ms() + millis(gateway.config.auth.session_lifetime)) / 1_000 * 1_000;
    let created = entity::session::create(&gateway.db, user.id, user_agent(headers), expires_at);
    let (session, ended) = created.await?;
    if !ended.is_empty() {
        notify::sessions_ended(gateway, ended).await;
    }
    let token = gateway.auth.tokens.issue(&session)?;
    let from_page = origin::is_from_page(headers);
    let cookie = cookie::set(&gateway.config, &token).filter(|_| from_page).map(|cookie| (header::SET_COOKIE, cookie));
    let token = (!from_page).then_some(token);
    let body = SignedIn { user: user.into(), token, expires_at: rfc3339(expires_at) };
    Ok((status, [NO_STORE], AppendHeaders(cookie), Json(body)).into_response())
}

/// Returns the user agent, if it is visible ASCII.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(200).collect())
}
