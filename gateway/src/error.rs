//! Every error of the API, and the only place that chooses a status.
//!
//! A handler returns an [`ApiError`]; [`problem::render`](crate::http::problem::render) turns it into a problem document.
//! Codes are the contract with programs, sentences are for people. Causes are logged once and never sent.

mod code;

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use entity::DbErr;
use serde::Serialize;
use service::batch::Unanswered;
use service::error_chain;
use utoipa::ToSchema;

pub(crate) use code::ErrorCode;

use crate::costs::budgets::OverBudget;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Name of the field.
    pub(crate) field: String,
    /// Reason, for programs.
    pub(crate) code: &'static str,
    /// Reason, for people.
    pub(crate) message: String,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("Could not read the request body: {0}.")]
    UnreadableBody(String),
    #[error("Not signed in: the session or key is missing, expired or invalid.")]
    Unauthenticated,
    #[error("Incorrect email or password.")]
    InvalidCredentials,
    #[error("This API key has no access to this endpoint.")]
    InsufficientScope,
    #[error("Administrator access is required.")]
    Forbidden,
    #[error("The setup token is invalid or was already used.")]
    InvalidSetupToken,
    #[error("Requests from this origin are not allowed.")]
    ForbiddenOrigin,
    #[error("Registration is closed on this server.")]
    RegistrationClosed,
    #[error("Not found.")]
    NotFound,
    #[error("No poster is available for this video.")]
    NoPoster,
    #[error("Method not allowed.")]
    MethodNotAllowed,
    #[error("This server does not support this operation.")]
    UnsupportedOperation,
    #[error("{0}")]
    WrongState(&'static str),
    #[error("This Idempotency-Key was already used with a different request body.")]
    IdempotencyKeyReused,
    #[error("The jobs created with this Idempotency-Key have been deleted.")]
    Gone,
    #[error("Daily video limit reached. It resets in {0} seconds.")]
    DailySubmissions(i64),
    #[error("{0}")]
    OverBudget(OverBudget),
    #[error("An account with this email address already exists.")]
    EmailTaken,
    #[error("The request body did not arrive in time.")]
    RequestTimeout,
    #[error("The request body is larger than {0} bytes.")]
    TooLarge(usize),
    #[error("The request headers are larger than {0} bytes.")]
    HeadersTooLarge(usize),
    #[error("Too many requests. Retry in {0} seconds.")]
    RateLimited(u64),
    #[error("Too many sign-in attempts. Retry in {0} seconds.")]
    TooManyAttempts(u64),
    #[error("You have {0} waiting jobs, the maximum. Wait until some have started.")]
    TooManyWaiting(u64),
    #[error("The request body must be sent as {0}.")]
    UnsupportedMediaType(&'static str),
    #[error("Storage quota exceeded: {used} of {quota} bytes used. Delete videos or images to free space.")]
    QuotaExceeded { used: u64, quota: u64 },
    #[error("Malformed request: {0}.")]
    MalformedRequest(&'static str),
    #[error("The requested range is outside the file, which has {size} bytes.")]
    RangeNotSatisfiable { size: u64 },
    #[error("This server does not serve the requested host name.")]
    Misdirected,
    #[error("This endpoint requires a WebSocket upgrade.")]
    UpgradeRequired,
    #[error("This server cannot make a spritesheet of this video.")]
    NoSpritesheet,
    #[error("Some fields are invalid.")]
    InvalidFields(Vec<FieldError>),
    #[error("Internal server error.")]
    Internal(String),
    #[error("Temporarily unavailable. Retry in a few seconds.")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The same for the client: nothing is broken, the server has too much to do.
    #[error("Temporarily unavailable. Retry in a few seconds.")]
    Busy(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// `Retry-After` of a 503, in seconds.
const UNAVAILABLE_RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// `Retry-After` in seconds when too many jobs wait: some may have started by then.
const WAITING_RETRY_AFTER: HeaderValue = HeaderValue::from_static("30");

impl ApiError {
    /// Wraps the error of a service that the gateway depends on.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Says that the server has too much to do, and why.
    pub(crate) fn busy(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Busy(cause.into())
    }

    /// Wraps a storage error, and counts it.
    pub(crate) fn storage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        metrics::counter!("sora_storage_errors_total").increment(1);
        Self::unavailable(cause)
    }

    /// Reports one invalid field.
    pub(crate) fn invalid_field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidFields(vec![FieldError { field: field.to_owned(), code, message: message.into() }])
    }

    /// Returns the code of the problem document.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::UnreadableBody(_) => ErrorCode::UnreadableBody,
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::InsufficientScope => ErrorCode::InsufficientScope,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::InvalidSetupToken => ErrorCode::InvalidSetupToken,
            Self::ForbiddenOrigin => ErrorCode::ForbiddenOrigin,
            Self::RegistrationClosed => ErrorCode::RegistrationClosed,
            Self::NotFound => ErrorCode::NotFound,
            Self::NoPoster => ErrorCode::NoPoster,
            Self::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Self::UnsupportedOperation => ErrorCode::UnsupportedOperation,
            Self::WrongState(_) => ErrorCode::WrongState,
            Self::IdempotencyKeyReused => ErrorCode::IdempotencyKeyReused,
            Self::Gone => ErrorCode::Gone,
            Self::DailySubmissions(_) => ErrorCode::DailySubmissions,
            Self::OverBudget(_) => ErrorCode::OverBudget,
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::RequestTimeout => ErrorCode::RequestTimeout,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::HeadersTooLarge(_) => ErrorCode::HeadersTooLarge,
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::TooManyAttempts(_) => ErrorCode::TooManyAttempts,
            Self::TooManyWaiting(_) => ErrorCode::TooManyWaiting,
            Self::UnsupportedMediaType(_) => ErrorCode::UnsupportedMediaType,
            Self::QuotaExceeded { .. } => ErrorCode::QuotaExceeded,
            Self::MalformedRequest(_) => ErrorCode::MalformedRequest,
            Self::RangeNotSatisfiable { .. } => ErrorCode::RangeNotSatisfiable,
            Self::Misdirected => ErrorCode::Misdirected,
            Self::UpgradeRequired => ErrorCode::UpgradeRequired,
            Self::NoSpritesheet => ErrorCode::NoSpritesheet,
            Self::InvalidFields(_) => ErrorCode::InvalidFields,
            Self::Internal(_) => ErrorCode::Internal,
            Self::Unavailable(_) | Self::Busy(_) => ErrorCode::Unavailable,
        }
    }

    /// Returns the header that the status calls for, if any.
    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Unavailable(_) | Self::Busy(_) => Some((header::RETRY_AFTER, UNAVAILABLE_RETRY_AFTER)),
            Self::DailySubmissions(seconds) => Some((header::RETRY_AFTER, HeaderValue::from(*seconds))),
            Self::OverBudget(over) => Some((header::RETRY_AFTER, HeaderValue::from(over.retry_after()))),
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

    /// Logs the cause of a 500 or 503. A busy server is no error: clients could fill the log with it.
    pub(crate) fn log(&self) {
        match self {
            Self::Internal(cause) => tracing::error!(cause, "internal error"),
            Self::Unavailable(cause) => tracing::error!(error = %error_chain(&**cause), "a dependency is unavailable"),
            Self::Busy(cause) => tracing::debug!(cause = %error_chain(&**cause), "too busy for a request"),
            _ => {}
        }
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::unavailable(error)
    }
}

impl From<Unanswered> for ApiError {
    fn from(error: Unanswered) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for ApiError {
    /// Returns a response without a body; the outermost layer renders the problem document.
    fn into_response(self) -> Response {
        let mut response = self.code().status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
