//! `POST /api/images`: uploads one image in a form. Size, time and the number of concurrent uploads are limited, and an
//! interrupted upload leaves nothing behind.

use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use entity::id::new_id;
use entity::image::{self, New, View};
use entity::{ImageId, UserId};
use futures::stream;
use tracing::Instrument;
use utoipa::ToSchema;

use crate::auth::{Creator, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::fair_queue::Share;
use crate::fair_slots::Slot;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::LimitReached;
use crate::images::reencode::{EncodedImage, reencode};
use crate::state::Gateway;
use crate::videos::quota;

/// Maximum size of an image, in bytes.
pub(crate) const MAX_BYTES: usize = 20 * 1024 * 1024;

/// Maximum size of the body: an image and the form around it.
pub(crate) const MAX_BODY: usize = MAX_BYTES + 64 * 1024;

/// Content type of the body.
const FORM: &str = "multipart/form-data";

/// A form with one file.
#[derive(ToSchema)]
pub(crate) struct UploadImageRequest {
    /// The image.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    image: Bytes,
}

/// Upload an image that videos can start from
///
/// PNG, JPEG or WebP, recognised by content, of at most 20 MiB and 40 million pixels. Metadata is removed. Images that no job
/// refers to are deleted after a day.
#[utoipa::path(
    post, path = "/api/images", operation_id = "uploadImage", tag = "Images",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    request_body(content = UploadImageRequest, content_type = "multipart/form-data"),
    responses((status = 201, description = "The stored image; its `id` is `referenceImageId` of new jobs.", body = View)),
    extensions(("x-errors" = json!([ErrorCode::QuotaExceeded]))),
)]
pub(crate) async fn upload(
    State(gateway): State<Gateway>,
    caller: Creator,
    client: ClientAddress,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, ApiError> {
    let form = form.map_err(|_| ApiError::UnsupportedMediaType(FORM))?;
    let user = caller.user();
    let slot = slot(&gateway, user, client)?;
    quota::require_storage(&gateway, user).await?;
    let UploadImageRequest { image: sent } = slot.read(read(form)).await?;
    let view = keep(&gateway, user, sent).await?;
    let location = [(header::LOCATION, format!("/api/images/{}", view.id))];
    Ok((StatusCode::CREATED, [NO_STORE], location, Json(view)).into_response())
}

/// Takes part in the limit on concurrent uploads, which bounds the memory that they use.
pub(crate) fn slot(gateway: &Gateway, user: UserId, client: ClientAddress) -> Result<Slot, ApiError> {
    gateway.limits.uploads.concurrent.acquire(user, client).map_err(|reached| match reached {
        LimitReached::Total => ApiError::busy(reached),
        LimitReached::PerClient => ApiError::RateLimited(2),
    })
}

/// Re-encodes and stores an image. Runs to completion even if the client disconnects, so that no file is left without its
/// row.
pub(crate) async fn keep(gateway: &Gateway, user: UserId, sent: Bytes) -> Result<View, ApiError> {
    let encoded = gateway.limits.uploads.cpu_pool.run(Share::of_account(user), move || reencode(&sent)).await?;
    let encoded = encoded.map_err(|(code, message)| wrong("image", code, message))?;
    let storing = gateway.shutdown.tasks.spawn(store(gateway.clone(), user, encoded).in_current_span());
    storing.await.map_err(|error| ApiError::Internal(error.to_string()))?
}

/// Reads the form's only field, `image`.
async fn read(mut form: Multipart) -> Result<UploadImageRequest, ApiError> {
    let mut sent = None;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.name().unwrap_or_default().chars().take(100).collect::<String>();
        match (name.as_str(), &sent) {
            ("image", None) => sent = Some(read_field(field).await?),
            ("image", Some(_)) => return Err(wrong("image", "too_many", "Upload one image at a time.".into())),
            _ => return Err(wrong(&name, "unknown_field", "This field is not known.".into())),
        }
    }
    let image = sent.ok_or_else(|| wrong("image", "required", "This field is missing.".into()))?;
    Ok(UploadImageRequest { image })
}

/// Reads a file of at most [`MAX_BYTES`].
pub(crate) async fn read_field(mut field: Field<'_>) -> Result<Bytes, ApiError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(ApiError::TooLarge(MAX_BYTES));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Stores the file, then the row. If the row cannot be written, the file is deleted.
async fn store(gateway: Gateway, user_id: UserId, encoded: EncodedImage) -> Result<View, ApiError> {
    let id: ImageId = new_id();
    let path = storage::image_path(id, encoded.extension);
    let content = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(encoded.bytes))]);
    let stored = gateway.storage().await?.put(&path, content).await.map_err(ApiError::storage)?;
    let new = New {
        id,
        user_id,
        path: path.clone(),
        size: i64::try_from(stored.size).unwrap_or(i64::MAX),
        content_type: encoded.content_type,
        width: encoded.width,
        height: encoded.height,
        sha256: stored.sha256,
    };
    match image::create(&gateway.db, new).await {
        Ok(row) => Ok(row.into()),
        Err(error) => {
            if let Err(error) = gateway.storage.delete(&path).await {
                tracing::error!(image.id = %id, %error, "could not delete the file of an image that has no row");
            }
            Err(error.into())
        }
    }
}

fn wrong(field: &str, code: &'static str, message: String) -> ApiError {
    ApiError::invalid_field(field, code, message)
}

/// Why a form could not be read.
pub(crate) fn unreadable(error: &MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(MAX_BYTES),
        _ => ApiError::UnreadableBody("it is not a proper form".into()),
    }
}
