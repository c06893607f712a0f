//! `/api/images`: images that videos start from.
//!
//! The uploaded file is never stored: its pixels are decoded and encoded again, so that neither metadata nor hidden data
//! survives. An image belongs to the user who uploaded it, and is kept while a job refers to it.

mod reencode;
pub(crate) mod upload;
pub(crate) mod upload_limit;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::image::{self, DeleteResult, Model, View};
use entity::{ImageId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use upload::MAX_BODY;

use crate::auth::{Creator, NO_STORE, Reader};
use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::conditional::none_match;
use crate::http::path::{self, Id};
use crate::http::query::{Paging, Parameters, take_page};
use crate::state::Gateway;

/// A page of images.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImagePage {
    /// Newest first.
    pub(crate) data: Vec<View>,
    /// Cursor of the next page; null on the last one.
    pub(crate) next_cursor: Option<ImageId>,
}

/// List the caller's images
#[utoipa::path(
    get, path = "/api/images", operation_id = "listImages", tag = "Images",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(Paging),
    responses((status = 200, description = "Images, newest first.", body = ImagePage)),
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Reader,
    Parameters(Paging { limit, cursor }): Parameters<Paging>,
) -> Result<Response, ApiError> {
    let mut rows = image::page(&gateway.db, caller.user(), cursor.map(Into::into), limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |image| image.id);
    let data = rows.into_iter().map(View::from).collect();
    Ok(([NO_STORE], Json(ImagePage { data, next_cursor })).into_response())
}

/// Get an image's description
#[utoipa::path(
    get, path = "/api/images/{image}", operation_id = "readImage", tag = "Images",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The image.", body = View)),
)]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<ImageId>,
) -> Result<Response, ApiError> {
    let image = image::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    Ok(([NO_STORE], Json(View::from(image))).into_response())
}

/// Get an image's file
#[utoipa::path(
    get, path = "/api/images/{image}/content", operation_id = "readImageContent", tag = "Images",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response.")),
    responses(
        (status = 200, description = "The file.", body = inline(Value), content_type = "image/png"),
        (status = 304, description = "Nothing has changed."),
    ),
)]
pub(crate) async fn content(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<ImageId>,
    request: Parts,
) -> Result<Response, ApiError> {
    let image = image::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    let headers = image_headers(&image);
    if !none_match(&request.headers, &format!("\"{}\"", image.sha256)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let content = gateway.storage().await?.get(&image.path, None).await.map_err(|error| match error {
        storage::Error::NotFound(_) => ApiError::Internal(format!("the file of image {id} is missing")),
        error => ApiError::storage(error),
    })?;
    let length = [(header::CONTENT_LENGTH, content.size)];
    Ok((headers, length, Body::from_stream(content.bytes)).into_response())
}

/// Delete an image
///
/// An image that a job refers to cannot be deleted (`wrong_state`): delete the job first.
#[utoipa::path(
    delete, path = "/api/images/{image}", operation_id = "deleteImage", tag = "Images",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    responses((status = 204, description = "The image has been deleted.")),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<ImageId>,
) -> Result<StatusCode, ApiError> {
    match image::delete(&gateway.db, id, caller.user()).await? {
        DeleteResult::Deleted(image) => {
            if let Err(error) = gateway.storage.delete(&image.path).await {
                tracing::error!(image.id = %id, %error, "could not delete the file of a deleted image");
            }
            Ok(StatusCode::NO_CONTENT)
        }
        DeleteResult::InUse => Err(ApiError::WrongState("A job uses this image: delete the job first.")),
        DeleteResult::NotFound => Err(ApiError::NotFound),
    }
}

/// Checks the form of `referenceImageId`.
pub(crate) fn named(text: &str) -> crate::http::body::Rule<ImageId> {
    path::id(text).ok_or_else(|| ("unknown_value", UNKNOWN.into()))
}

/// Requires that an image is the user's, or returns [`unknown`].
pub(crate) async fn require(gateway: &Gateway, id: ImageId, user: UserId) -> Result<(), ApiError> {
    image::of_user(&gateway.db, id, user).await?.map(drop).ok_or_else(unknown)
}

/// The image does not exist or is another user's.
pub(crate) fn unknown() -> ApiError {
    let (field, code) = ("referenceImageId".into(), "unknown_value");
    ApiError::InvalidFields(vec![FieldError { field, code, message: UNKNOWN.into() }])
}

const UNKNOWN: &str = "Must be the id of one of your images.";

fn image_headers(image: &Model) -> HeaderMap {
    let (kind, extension) = reencode::media_type(&image.content_type);
    let texts = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"sora-{}.{extension}\"", image.id)),
        (header::ETAG, format!("\"{}\"", image.sha256)),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?))).collect()
}
