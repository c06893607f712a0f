//! The picture that a video starts from. Without it nothing is sent: a request costs, and would bring another video.

use bytes::BytesMut;
use entity::{ImageId, image};
use futures::TryStreamExt;
use sora::{Failure, Image, Outcome};
use storage::Error;

use super::RunError;
use super::download::STORAGE_PAUSE;
use crate::context::Context;
use crate::metrics::{self, DeferReason};
use crate::retry_transient::retry_transient;

/// Reads it out of the storage, if the job names one. One that cannot be read for now makes the job wait.
pub(super) async fn reference_image(context: &Context, id: Option<ImageId>) -> Result<Option<Image>, RunError> {
    let Some(id) = id else { return Ok(None) };
    let missing = || Failure::new(Outcome::Invalid, "the picture to start from is missing");
    let row =
        retry_transient("reading a picture's row", || image::by_id(&context.db, id)).await?.ok_or_else(missing)?;
    match read(context, &row.path).await {
        Ok(bytes) => Ok(Some(Image { bytes: bytes.freeze(), mime: row.content_type })),
        // A folder that is not mounted looks the same.
        Err(error) => {
            metrics::storage_error();
            tracing::error!(image.id = %id, %error, "a picture cannot be read; its job waits");
            Err(RunError::Deferred(DeferReason::Storage, STORAGE_PAUSE))
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
