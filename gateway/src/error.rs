//! Every way in which the gateway says no: the only place that chooses a status.
//!
//! A handler returns an [`ApiError`]; [`render`] turns it into an RFC 9457 problem document with the request's id. Codes
//! are the contract, sentences are for people. Causes are logged there, once, and never sent.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::DbErr;
use serde::Serialize;
use utoipa::ToSchema;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its name.
    pub(crate) field: String,
    /// For programs.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
}

/// A request that is not granted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("The body cannot be read: {0}.")]
    UnreadableBody(String),
    #[error("Sign in first: the session is missing, has ended, or is not valid.")]
    Unauthenticated,
    #[error("E-mail address or password are wrong.")]
    InvalidCredentials,
    #[error("This call is not open to API keys, or not to one with these scopes.")]
    InsufficientScope,
    #[error("Only administrators may do this.")]
    Forbidden,
    #[error("The set-up token is wrong, or was used before.")]
    InvalidSetupToken,
    #[error("The request comes from a page that is not allowed to make it.")]
    ForbiddenOrigin,
    #[error("Registration is closed on this server.")]
    RegistrationClosed,
    #[error("There is nothing here.")]
    NotFound,
    #[error("This video has no poster, or not yet.")]
    NoPoster,
    #[error("This address does not know the request's method.")]
    MethodNotAllowed,
    #[error("{0}")]
    WrongState(&'static str),
    #[error("The Idempotency-Key was used before with another body.")]
    IdempotencyKeyReused,
    #[error("What this Idempotency-Key stood for has been deleted.")]
    Gone,
    #[error("You have made as many videos today as are allowed; go on in {0} seconds.")]
    DailySubmissions(i64),
    #[error("An account with this e-mail address exists already.")]
    EmailTaken,
    #[error("The body is larger than {0} bytes.")]
    TooLarge(usize),
    #[error("The headers are larger than {0} bytes.")]
    HeadersTooLarge(usize),
    #[error("This is too much at a time; go on in {0} seconds.")]
    RateLimited(u64),
    #[error("These are too many attempts to sign in; try again in {0} seconds.")]
    TooManyAttempts(u64),
    #[error("You have {0} jobs waiting, which is as many as are allowed; let some begin first.")]
    TooManyWaiting(u64),
    #[error("The body must be sent as {0}.")]
    UnsupportedMediaType(&'static str),
    #[error("Your videos and images take {used} bytes of the {quota} you have: delete some first.")]
    QuotaExceeded { used: u64, quota: u64 },
    #[error("The request is malformed: {0}.")]
    Malformed(&'static str),
    #[error("The range lies outside of the {size} bytes there are.")]
    RangeNotSatisfiable { size: u64 },
    #[error("This server does not answer under the name that the request was sent to.")]
    Misdirected,
    #[error("This address speaks the websocket protocol only.")]
    UpgradeRequired,
    #[error("Some fields are not valid.")]
    InvalidFields(Vec<FieldError>),
    #[error("The server made a mistake.")]
    Internal(String),
    #[error("The server cannot do this right now; try again soon.")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Seconds to wait after a 503.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Seconds after which a job that waits may have begun.
const WAITING_RETRY_AFTER: HeaderValue = HeaderValue::from_static("30");

impl ApiError {
    /// A service that is needed does not answer.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// The storage failed to take or to give a file.
    pub(crate) fn storage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        metrics::counter!("sora_storage_errors_total").increment(1);
        Self::unavailable(cause)
    }

    /// Its status and its code.
    pub(crate) fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::UnreadableBody(_) => (StatusCode::BAD_REQUEST, "unreadable_body"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
            Self::InsufficientScope => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::InvalidSetupToken => (StatusCode::FORBIDDEN, "invalid_setup_token"),
            Self::ForbiddenOrigin => (StatusCode::FORBIDDEN, "forbidden_origin"),
            Self::RegistrationClosed => (StatusCode::FORBIDDEN, "registration_closed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::NoPoster => (StatusCode::NOT_FOUND, "no_poster"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::EmailTaken => (StatusCode::CONFLICT, "email_taken"),
            Self::WrongState(_) => (StatusCode::CONFLICT, "wrong_state"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::Gone => (StatusCode::GONE, "gone"),
            Self::DailySubmissions(_) => (StatusCode::TOO_MANY_REQUESTS, "daily_submissions"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::HeadersTooLarge(_) => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
            Self::TooManyWaiting(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_waiting"),
            Self::QuotaExceeded { .. } => (StatusCode::FORBIDDEN, "quota_exceeded"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed_request"),
            Self::UnsupportedMediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::RangeNotSatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable"),
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
            Self::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
            Self::InvalidFields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }

    /// The header that goes with it.
    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Unavailable(_) => Some((header::RETRY_AFTER, RETRY_AFTER)),
            Self::DailySubmissions(seconds) => Some((header::RETRY_AFTER, HeaderValue::from(*seconds))),
            Self::RateLimited(seconds) | Self::TooManyAttempts(seconds) => {
                Some((header::RETRY_AFTER, HeaderValue::from(*seconds)))
            }
            Self::TooManyWaiting(_) => Some((header::RETRY_AFTER, WAITING_RETRY_AFTER)),
            Self::UpgradeRequired => Some((header::UPGRADE, HeaderValue::from_static("websocket"))),
            Self::RangeNotSatisfiable { size } => {
                HeaderValue::from_str(&format!("bytes */{size}")).ok().map(|value| (header::CONTENT_RANGE, value))
            }
            _ => None,
        }
    }

    /// Logs the cause of an error of the server's.
    pub(crate) fn log(&self) {
        match self {
            Self::Internal(cause) => tracing::error!(cause, "the server made a mistake"),
            Self::Unavailable(cause) => tracing::error!(error = %chain(&**cause), "unavailable"),
            _ => {}
        }
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::unavailable(error)
    }
}

impl IntoResponse for ApiError {
    /// A response without a body, which [`render`] fills.
    fn into_response(self) -> Response {
        let mut response = self.status_and_code().0.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An error with all its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
