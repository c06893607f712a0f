//! Who is asking: a program by its `Authorization` header, or a page by its cookie.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use entity::UserId;

use crate::auth::{Session, cookie, origin};
use crate::error::ApiError;
use crate::state::Gateway;

/// What a request shows of who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Nothing.
    None,
    /// A token in the `Authorization` header; `None` when the header holds something else.
    Header(Option<String>),
    /// A token in the cookie.
    Cookie(String),
}

impl Credentials {
    /// An `Authorization` header, even an invalid one, switches the cookie off.
    pub(crate) fn of(gateway: &Gateway, headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let scheme_and_token = value.to_str().ok().and_then(|value| value.trim().split_once(' '));
            let bearer = scheme_and_token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return Self::Header(bearer.map(|(_, token)| token.trim().to_owned()));
        }
        cookie::token(&gateway.config, headers).map_or(Self::None, |token| Self::Cookie(token.to_owned()))
    }

    /// The token, if there is one.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Header(token) => token.as_deref(),
            Self::Cookie(token) => Some(token),
        }
    }
}

/// Somebody who is signed in.
pub(crate) struct Caller {
    /// The session and its owner.
    pub(crate) session: Arc<Session>,
}

impl Caller {
    /// The owner's id.
    pub(crate) fn user(&self) -> UserId {
        self.session.user.id
    }
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        let credentials = Credentials::of(gateway, &parts.headers);
        if matches!(credentials, Credentials::Cookie(_)) && origin::is_unsafe(&parts.method) {
            gateway.origins.demand(&parts.headers)?;
        }
        let token = credentials.token().ok_or(ApiError::Unauthenticated)?;
        let session = identify(gateway, token).await?.ok_or(ApiError::Unauthenticated)?;
        Ok(Self { session })
    }
}

/// The living session that a token stands for.
///
/// # Errors
/// The database did not answer.
pub(crate) async fn identify(gateway: &Gateway, token: &str) -> Result<Option<Arc<Session>>, ApiError> {
    let Some((id, user)) = gateway.tokens.read(token) else {
        return Ok(None);
    };
    let session = gateway.sessions.alive(&gateway.db, id).await?;
    Ok(session.filter(|session| session.user.id == user))
}
