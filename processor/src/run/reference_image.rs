//! Reads the reference image that a job names. Without it nothing is sent: the request would cost money and bring a
//! different video.

use bytes::BytesMut;
use entity::{ImageId, image};
use futures::TryStreamExt;
use sora::{Failure, Image, Outcome};
use storage::Error;

use super::RunError;
use crate::context::Context;
use crate::metrics;
use crate::retry_transient::retry_transient;

/// Reads the image from the storage, if there is one. A job whose image cannot be read for now is deferred.
pub(super) async fn reference_image(context: &Context, id: Option<ImageId>) -> Result<Option<Image>, RunError> {
    let Some(id) = id else { return Ok(None) };
    let missing = || Failure::new(Outcome::Invalid, "the reference image is missing");
    let row = retry_transient("reading an image's row", || image::by_id(&context.db, id)).await?.ok_or_else(missing)?;
    match read(context, &row.path).await {
        Ok(bytes) => Ok(Some(Image { bytes: bytes.freeze(), mime: row.content_type })),
        // Also when the file is missing: a folder that is not mounted looks the same.
        Err(error) => {
            metrics::storage_error();
            tracing::error!(image.id = %id, %error, "could not read a reference image; the job is deferred");
            Err(RunError::storage_unavailable(context.config.retry_policy))
        }
    }
}

async fn read(context: &Context, path: &str) -> Result<BytesMut, Error> {
    let content = context.storage.get(path, None).await?;
    content
        .bytes
        .try_fold(BytesMut::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
}
