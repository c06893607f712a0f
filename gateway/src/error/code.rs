//! The error codes, which are the contract with programs, and the status of each.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Identifies the error, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    MalformedRequest,
    UnreadableBody,
    InvalidCredentials,
    Unauthenticated,
    Forbidden,
    ForbiddenOrigin,
    InsufficientScope,
    InvalidSetupToken,
    QuotaExceeded,
    RegistrationClosed,
    NoPoster,
    NotFound,
    MethodNotAllowed,
    UnsupportedOperation,
    EmailTaken,
    RequestTimeout,
    WrongState,
    Gone,
    TooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    Misdirected,
    IdempotencyKeyReused,
    InvalidFields,
    UpgradeRequired,
    DailySubmissions,
    OverBudget,
    RateLimited,
    TooManyAttempts,
    TooManyWaiting,
    HeadersTooLarge,
    NoSpritesheet,
    Internal,
    Unavailable,
}

impl ErrorCode {
    /// Returns the status of responses with this code below `/v1`. OpenAI's clients repeat requests that were answered with
    /// 409, and expect 400 for invalid fields.
    pub(crate) fn compatible_status(self) -> StatusCode {
        match self.status() {
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        }
    }

    /// Returns the status of responses with this code.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::UnreadableBody => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials | Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::ForbiddenOrigin
            | Self::InsufficientScope
            | Self::InvalidSetupToken
            | Self::QuotaExceeded
            | Self::RegistrationClosed => StatusCode::FORBIDDEN,
            Self::NoPoster | Self::NotFound | Self::UnsupportedOperation => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::EmailTaken | Self::WrongState => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::IdempotencyKeyReused | Self::InvalidFields => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::DailySubmissions
            | Self::OverBudget
            | Self::RateLimited
            | Self::TooManyAttempts
            | Self::TooManyWaiting => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NoSpritesheet => StatusCode::NOT_IMPLEMENTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
