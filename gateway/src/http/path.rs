//! Path parameters. A malformed id is a 404, like an id that does not exist.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::ApiError;

/// The id in the request's path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: From<Uuid>, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        id(&text).map(Self).ok_or(ApiError::NotFound)
    }
}

/// The two id parameters in the request's path, outer first.
pub(crate) struct Ids<A, B>(pub(crate) A, pub(crate) B);

impl<A: From<Uuid>, B: From<Uuid>, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((outer, inner)) = texts.map_err(|_| ApiError::NotFound)?;
        Ok(Self(id(&outer).ok_or(ApiError::NotFound)?, id(&inner).ok_or(ApiError::NotFound)?))
    }
}

/// The text parameter in the request's path.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        text.map(|Path(text)| Self(text)).map_err(|_| ApiError::NotFound)
    }
}

/// Parses a UUID in its canonical form only: lower case with hyphens.
pub(crate) fn id<T: From<Uuid>>(text: &str) -> Option<T> {
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text).then(|| id.into())
}
