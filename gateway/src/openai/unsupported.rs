//! Operations of OpenAI's API that this server does not have. They are named, so that a caller understands.

use crate::error::ApiError;

/// The paths.
pub(crate) const PATHS: [&str; 4] =
    ["/v1/videos/edits", "/v1/videos/extensions", "/v1/videos/characters", "/v1/videos/characters/{character}"];

/// Answers any request to one of the paths.
pub(crate) async fn unsupported() -> ApiError {
    ApiError::UnsupportedOperation
}
