//! Reads the reference image that a job names. Without it nothing is sent: the request would cost money and bring a
//! different video.
//!
//! The image is read before the attempt is recorded, and not while it is sent: a storage that fails in the middle of a
//! request would leave the request's fate unknown. The memory of all images together is limited instead.

use bytes::BytesMut;
use entity::{ImageId, image};
use futures::TryStreamExt;
use sora::{Dialect, Failure, Image, Outcome};
use storage::Error;
use tokio::sync::OwnedSemaphorePermit;

use super::RunError;
use crate::context::{Context, IMAGE_MEMORY_KIB};
use crate::metrics;
use crate::retry_transient::retry_transient;

/// An image in memory, which counts against the limit until it is dropped.
pub(super) struct ReferenceImage {
    pub(super) image: Image,
    _memory: OwnedSemaphorePermit,
}

/// Reads the image from the storage, if there is one. `dialect` decides how much memory it counts as. A job whose image cannot be read for now is deferred. Waits while other
/// images take up the memory.
pub(super) async fn reference_image(
    context: &Context,
    id: Option<ImageId>,
    dialect: Dialect,
) -> Result<Option<ReferenceImage>, RunError> {
    let Some(id) = id else { return Ok(None) };
    let missing = || Failure::new(Outcome::Invalid, "the reference image is missing");
    let row = retry_transient("reading an image's row", || image::by_id(&context.db, id)).await?.ok_or_else(missing)?;
    let needed = memory_kib(row.size, dialect);
    let memory = context.image_memory.clone().acquire_many_owned(needed).await;
    // It is never closed.
    let memory = memory.map_err(|_| RunError::HandOver)?;
    match read(context, &row.path).await {
        Ok(bytes) => {
            Ok(Some(ReferenceImage { image: Image { bytes: bytes.freeze(), mime: row.content_type }, _memory: memory }))
        }
        // Also when the file is missing: a folder that is not mounted looks the same.
        Err(error) => {
            metrics::storage_error();
            tracing::error!(image.id = %id, %error, "could not read a reference image; the job is deferred");
            Err(RunError::storage_unavailable(context.config.retry_policy))
        }
    }
}

/// How much memory an image of `size` bytes takes until it is sent. In `chat` it is also there as Base64 text, and again
/// in the body. One that needs more than all memory is sent alone.
fn memory_kib(size: i64, dialect: Dialect) -> u32 {
    let copies = match dialect {
        Dialect::Chat => 4,
        Dialect::Videos => 1,
    };
    let kib = u32::try_from(size.max(0) / 1_024).unwrap_or(u32::MAX).saturating_add(1);
    kib.saturating_mul(copies).min(IMAGE_MEMORY_KIB)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_copies_of_an_image() {
        assert_eq!(memory_kib(10 * 1_024, Dialect::Videos), 11);
        assert_eq!(memory_kib(10 * 1_024, Dialect::Chat), 44);
        assert_eq!(memory_kib(i64::MAX, Dialect::Chat), IMAGE_MEMORY_KIB);
        assert_eq!(memory_kib(-1, Dialect::Videos), 1);
    }
}
