//! Extractors that authenticate a request, by its `Authorization` header or its cookie.
//!
//! A handler's extractor decides who may call it: [`Caller`] accepts sessions only, [`Reader`] and [`Creator`] also API keys
//! with that scope, [`Admin`] sessions of administrators. Each also counts the request against the user's rate limit; reads
//! and writes are counted separately, so that polling cannot use up the limit for submitting.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use entity::UserId;
use entity::api_key::{self, Scope};
use entity::user::{self, Role};

use crate::auth::{Principal, Session, cookie};
use crate::error::ApiError;
use crate::http::origin;
use crate::http::throttle::{RateLimit, RequestUsage, Usage};
use crate::secret;
use crate::state::Gateway;

/// Prefix of API keys.
pub(crate) const KEY_PREFIX: &str = "sk-";

/// The credentials of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// No credentials.
    None,
    /// The bearer token in the `Authorization` header; `None` if the header has another form.
    Header(Option<String>),
    /// The token in the session cookie.
    Cookie(String),
}

impl Credentials {
    /// Reads the credentials. If there is an `Authorization` header, even an invalid one, the cookie is ignored.
    pub(crate) fn of(gateway: &Gateway, headers: &HeaderMap) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let scheme_and_token = value.to_str().ok().and_then(|value| value.trim().split_once(' '));
            let bearer = scheme_and_token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return Self::Header(bearer.map(|(_, token)| token.trim().to_owned()));
        }
        cookie::token(&gateway.config, headers).map_or(Self::None, Self::Cookie)
    }

    /// Returns the token, if there is one.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Header(token) => token.as_deref(),
            Self::Cookie(token) => Some(token),
        }
    }

    /// Returns who may read with these credentials; `None` if they are invalid.
    pub(crate) async fn reader(&self, gateway: &Gateway) -> Result<Option<Principal>, ApiError> {
        match (self.key(), self.token()) {
            (Some(key), _) => identify_reader(gateway, key).await,
            (None, Some(token)) => Ok(identify(gateway, token).await?.as_deref().map(Principal::from)),
            (None, None) => Ok(None),
        }
    }

    /// Returns the token if it is an API key.
    fn key(&self) -> Option<&str> {
        self.token().filter(|token| matches!(self, Self::Header(_)) && token.starts_with(KEY_PREFIX))
    }
}

/// A signed-in user.
pub(crate) struct Caller {
    /// The session, with its user.
    pub(crate) session: Arc<Session>,
}

impl Caller {
    /// Returns the user's id.
    pub(crate) fn user(&self) -> UserId {
        self.session.user.id
    }

    async fn of(gateway: &Gateway, credentials: &Credentials) -> Result<Self, ApiError> {
        let token = credentials.token().ok_or(ApiError::Unauthenticated)?;
        let session = identify(gateway, token).await?.ok_or(ApiError::Unauthenticated)?;
        Ok(Self { session })
    }
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        let credentials = credentials(parts, gateway)?;
        if let Some(key) = credentials.key() {
            find_key(gateway, key).await?;
            return Err(ApiError::InsufficientScope);
        }
        let caller = Self::of(gateway, &credentials).await?;
        count_request(parts, gateway, caller.user().to_string()).await?;
        Ok(caller)
    }
}

/// A signed-in administrator.
pub(crate) struct Admin {
    /// The account.
    pub(crate) user: user::Model,
}

impl FromRequestParts<Gateway> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, gateway).await?;
        let user = caller.session.user.clone();
        if user.role == Role::Admin { Ok(Self { user }) } else { Err(ApiError::Forbidden) }
    }
}

/// A user with a session, or with an API key that has the scope `read`.
pub(crate) struct Reader(Principal);

/// A user with a session, or with an API key that has the scope `create`.
pub(crate) struct Creator(Principal);

impl Reader {
    /// Returns the user's id.
    pub(crate) fn user(&self) -> UserId {
        self.0.user
    }

    /// Returns the user, and what gives access.
    pub(crate) fn principal(&self) -> Principal {
        self.0
    }
}

impl Creator {
    /// Returns the user's id.
    pub(crate) fn user(&self) -> UserId {
        self.0.user
    }

    /// Returns the user, and what gives access.
    pub(crate) fn principal(&self) -> Principal {
        self.0
    }
}

impl FromRequestParts<Gateway> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        scoped(parts, gateway, Scope::Read).await.map(Self)
    }
}

impl FromRequestParts<Gateway> for Creator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        scoped(parts, gateway, Scope::Create).await.map(Self)
    }
}

/// A user with a session, or with an API key of any scope, whose requests are counted when it is known what they do.
#[derive(Clone)]
pub(crate) struct AnyCaller {
    principal: Principal,
    /// The API key; `None` for sessions, which may do everything.
    key: Option<Arc<api_key::Model>>,
}

impl AnyCaller {
    /// Returns the user, and what gives access.
    pub(crate) fn principal(&self) -> Principal {
        self.principal
    }

    /// Counts the request as one that reads.
    ///
    /// # Errors
    /// The user has sent too many requests.
    pub(crate) async fn count_read(&self, gateway: &Gateway) -> Result<(), ApiError> {
        self.count(gateway, false).await
    }

    /// Requires the scope `read`.
    ///
    /// # Errors
    /// The key does not have it.
    pub(crate) fn require_read(&self) -> Result<(), ApiError> {
        self.check(Scope::Read)
    }

    /// Requires the scope `create`, and counts the request as one that writes.
    ///
    /// # Errors
    /// The key does not have the scope, or the user has sent too many requests.
    pub(crate) async fn require_create(&self, gateway: &Gateway) -> Result<(), ApiError> {
        self.check(Scope::Create)?;
        self.count(gateway, true).await
    }

    async fn count(&self, gateway: &Gateway, writes: bool) -> Result<(), ApiError> {
        let usage = usage(gateway, writes, &self.principal.user.to_string()).await;
        usage.map_or(Ok(()), |usage| usage.check())
    }

    fn check(&self, scope: Scope) -> Result<(), ApiError> {
        let allowed = self.key.as_ref().is_none_or(|key| key.allows(scope));
        if allowed { Ok(()) } else { Err(ApiError::InsufficientScope) }
    }

    /// Returns the user of a session or a key.
    async fn of(gateway: &Gateway, credentials: &Credentials) -> Result<Self, ApiError> {
        let Some(key) = credentials.key() else {
            let caller = Caller::of(gateway, credentials).await?;
            return Ok(Self { principal: (&*caller.session).into(), key: None });
        };
        let key = find_key(gateway, key).await?;
        Ok(Self { principal: (&key).into(), key: Some(Arc::new(key)) })
    }
}

impl FromRequestParts<Gateway> for AnyCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        Self::of(gateway, &credentials(parts, gateway)?).await
    }
}

async fn scoped(parts: &Parts, gateway: &Gateway, scope: Scope) -> Result<Principal, ApiError> {
    let caller = AnyCaller::of(gateway, &credentials(parts, gateway)?).await?;
    caller.check(scope)?;
    // Counted for the owner: more keys do not raise the limit.
    count_request(parts, gateway, caller.principal.user.to_string()).await?;
    Ok(caller.principal)
}

/// Reads the credentials. Requires an allowed origin if a request with a cookie may change state.
fn credentials(parts: &Parts, gateway: &Gateway) -> Result<Credentials, ApiError> {
    let credentials = Credentials::of(gateway, &parts.headers);
    if matches!(credentials, Credentials::Cookie(_)) && origin::is_unsafe(&parts.method) {
        gateway.origins.require(&parts.headers)?;
    }
    Ok(credentials)
}

async fn find_key(gateway: &Gateway, key: &str) -> Result<api_key::Model, ApiError> {
    let found = api_key::by_hash(&gateway.db, &secret::sha256(key)).await?;
    let (key, _) = found.ok_or(ApiError::Unauthenticated)?;
    if key.is_stale() {
        let (gateway, id) = (gateway.clone(), key.id);
        tokio::spawn(async move { api_key::touch(&gateway.db, id).await });
    }
    Ok(key)
}

/// Counts the request against the user's rate limit.
async fn count_request(parts: &Parts, gateway: &Gateway, user: String) -> Result<(), ApiError> {
    let Some(usage) = usage(gateway, origin::is_unsafe(&parts.method), &user).await else { return Ok(()) };
    if let Some(recorded) = parts.extensions.get::<RequestUsage>() {
        recorded.record(usage);
    }
    usage.check()
}

/// Counts a request that writes or reads. Returns the user's requests of that kind, if they are limited.
async fn usage(gateway: &Gateway, writes: bool, user: &str) -> Option<Usage> {
    let rates = gateway.config.http.rates;
    let limit = |name, max| RateLimit { name, max, window: Duration::from_secs(60) };
    if writes {
        gateway.limits.throttle.count(&gateway.bus, limit("writes", rates.writes), user).await
    } else {
        gateway.limits.throttle.count_locally(limit("reads", rates.reads), user)
    }
}

/// Returns who may read with the token of a session or an API key; `None` if it is invalid.
///
/// # Errors
/// [`ApiError::InsufficientScope`] if the key may not read.
pub(crate) async fn identify_reader(gateway: &Gateway, token: &str) -> Result<Option<Principal>, ApiError> {
    if !token.starts_with(KEY_PREFIX) {
        return Ok(identify(gateway, token).await?.as_deref().map(Principal::from));
    }
    match find_key(gateway, token).await {
        Ok(key) if key.allows(Scope::Read) => Ok(Some((&key).into())),
        Ok(_) => Err(ApiError::InsufficientScope),
        Err(ApiError::Unauthenticated) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the active session that a token belongs to.
async fn identify(gateway: &Gateway, token: &str) -> Result<Option<Arc<Session>>, ApiError> {
    let Some((id, user)) = gateway.auth.tokens.read(token) else {
        return Ok(None);
    };
    let session = gateway.auth.sessions.find_active(&gateway.db, id).await?;
    Ok(session.filter(|session| session.user.id == user))
}
