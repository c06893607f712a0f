//! `/api/auth`: opening an account, signing in and out, and who one is.
//!
//! A page gets its session as a cookie and never sees the token; a program gets the token and no cookie.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use bus::Control;
use entity::UserId;
use entity::clock::{millis, rfc3339, wall};
use entity::user::{self, Role};
use serde::Serialize;
use service::settings::AppEnv;
use tokio::time::timeout;

use crate::auth::{Caller, cookie, origin};
use crate::body::{Fields, Rule};
use crate::config::Registration;
use crate::error::ApiError;
use crate::state::Gateway;

const NO_STORE: (header::HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// An account as its owner sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserView {
    id: UserId,
    email: String,
    name: Option<String>,
    role: Role,
    created_at: String,
}

impl From<user::Model> for UserView {
    fn from(user: user::Model) -> Self {
        Self { id: user.id, email: user.email, name: user.name, role: user.role, created_at: rfc3339(user.created_at) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignedIn {
    user: UserView,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    expires_at: String,
}

/// `POST /api/auth/register`: 201 with a session.
pub(crate) async fn register(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, ApiError> {
    demand_own_page(&gateway, &headers)?;
    if gateway.config.registration == Registration::Closed {
        return Err(ApiError::RegistrationClosed);
    }
    let (email, password, name) = new_account(fields)?;
    let password_hash = gateway.passwords.hash(password).await?;
    let first_is_admin = gateway.config.settings.app_env == AppEnv::Demo;
    let new = user::New { email, name, password_hash };
    let user = user::create(&gateway.db, new, first_is_admin).await?.ok_or(ApiError::EmailTaken)?;
    tracing::info!(user.id = %user.id, "an account was opened");
    sign_in(&gateway, &headers, user, StatusCode::CREATED).await
}

/// `POST /api/auth/login`: 200 with a session. A wrong address and a wrong password take as long and say the same.
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    demand_own_page(&gateway, &headers)?;
    let (email, password) = (fields.text("email", given), fields.text("password", given));
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(ApiError::InvalidCredentials);
    };
    let known = match address(&email) {
        Ok(email) => user::by_email(&gateway.db, &email).await?.filter(|user| user.disabled_at.is_none()),
        Err(_) => None,
    };
    let stored = known.as_ref().map(|user| user.password_hash.clone());
    let right = gateway.passwords.verify(password, stored).await?;
    let user = known.filter(|_| right).ok_or(ApiError::InvalidCredentials)?;
    sign_in(&gateway, &headers, user, StatusCode::OK).await
}

/// `POST /api/auth/logout`: ends the session everywhere.
pub(crate) async fn logout(State(gateway): State<Gateway>, caller: Caller) -> Result<Response, ApiError> {
    let id = caller.session.id;
    entity::session::revoke(&gateway.db, id).await?;
    gateway.sessions.forget(id);
    gateway.hub.end_session(id);
    let word = Control::SessionRevoked { session: id.into() };
    // Other gateways find out from the row within seconds, should this not reach them.
    if !matches!(timeout(gateway.config.timings.enqueue, gateway.bus.tell(&word)).await, Ok(Ok(()))) {
        tracing::warn!("word of a revoked session could not be sent");
    }
    let cookie = cookie::clear(&gateway.config).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, [NO_STORE], AppendHeaders(cookie)).into_response())
}

/// `GET /api/auth/me`: who is asking.
pub(crate) async fn me(caller: Caller) -> Response {
    let session = &caller.session;
    let body = SignedIn { user: session.user.clone().into(), token: None, expires_at: rfc3339(session.expires_at) };
    ([NO_STORE], Json(body)).into_response()
}

/// A page that is not ours may neither sign anybody in nor out.
fn demand_own_page(gateway: &Gateway, headers: &HeaderMap) -> Result<(), ApiError> {
    if origin::is_from_page(headers) { gateway.origins.demand(headers) } else { Ok(()) }
}

async fn sign_in(
    gateway: &Gateway,
    headers: &HeaderMap,
    user: user::Model,
    status: StatusCode,
) -> Result<Response, ApiError> {
    // To the second, as a token's `exp` is.
    let expires_at = (wall() + millis(gateway.config.jwt_expires_in)) / 1_000 * 1_000;
    let session = entity::session::open(&gateway.db, user.id, user_agent(headers), expires_at).await?;
    let token = gateway.tokens.issue(&session)?;
    let from_page = origin::is_from_page(headers);
    let cookie = cookie::set(&gateway.config, &token).filter(|_| from_page).map(|cookie| (header::SET_COOKIE, cookie));
    let token = (!from_page).then_some(token);
    let body = SignedIn { user: user.into(), token, expires_at: rfc3339(expires_at) };
    Ok((status, [NO_STORE], AppendHeaders(cookie), Json(body)).into_response())
}

/// What signed in, as it called itself, as far as it is plain text.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(200).collect())
}

fn new_account(mut fields: Fields) -> Result<(String, String, Option<String>), ApiError> {
    let email = fields.text("email", address);
    let password = fields.text("password", new_password);
    let name = fields.optional_text("name", name);
    fields.finish()?;
    match (email, password, name) {
        (Some(email), Some(password), Some(name)) => Ok((email, password, name.flatten())),
        _ => Err(ApiError::Internal("a missing field was not noted".into())),
    }
}

/// An e-mail address by its shape, in lower case. It is a name to sign in with: no mail is ever sent.
fn address(text: &str) -> Rule<String> {
    let wrong = || ("invalid_email", "This is not an e-mail address.".to_owned());
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let proper = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let labels = domain.split('.').all(|label| !label.is_empty());
    let shape = !local.is_empty() && local.len() <= 64 && labels && local.chars().chain(domain.chars()).all(proper);
    let address = text.to_lowercase();
    if shape && address.len() <= 254 { Ok(address) } else { Err(wrong()) }
}

fn given(text: &str) -> Rule<String> {
    Ok(text.to_owned())
}

fn new_password(text: &str) -> Rule<String> {
    match text.chars().count() {
        0..8 => Err(("too_short", "A password has at least 8 characters.".into())),
        8..=128 => Ok(text.to_owned()),
        _ => Err(("too_long", "A password has at most 128 characters.".into())),
    }
}

/// A blank name is none.
fn name(text: &str) -> Rule<Option<String>> {
    if text.chars().any(char::is_control) {
        return Err(("invalid_characters", "A name has no control characters.".into()));
    }
    match text.chars().count() {
        0..=100 => Ok(Some(text.to_owned()).filter(|text| !text.trim().is_empty())),
        _ => Err(("too_long", "A name has at most 100 characters.".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_by_their_shape() {
        assert_eq!(address("Ada.Lovelace+x@Example.ORG").unwrap(), "ada.lovelace+x@example.org");
        assert_eq!(address("用户@例子.公司").unwrap(), "用户@例子.公司");
        let long = format!("a@{}", "b".repeat(253));
        for wrong in
            ["", "a", "@b.c", "a@", "a@b@c", " a@b.c", "a@b.c ", "a\0@b.c", "a@b..c", "a@.b", "a@b\u{7}.c", &long]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_a_password_in_characters() {
        assert!(new_password("密码密码密码密").is_err());
        assert!(new_password("密码密码密码密码").is_ok());
        assert!(new_password(&"x".repeat(128)).is_ok());
        assert!(new_password(&"x".repeat(129)).is_err());
    }
}
