//! Makes the spritesheets that users ask for, one at a time. Every processor hears of a request; the first one to count it
//! does the work.

use std::time::Duration;

use entity::{VideoId, video};

use crate::context::Context;
use crate::media::Error;

/// How long a request is left to the processor that took it.
const TAKEN: Duration = Duration::from_secs(60);

/// Makes spritesheets until dropped.
pub(crate) async fn run(context: &Context) {
    let mut requests = context.inspector.sheet_requests().await;
    while let Some(id) = requests.recv().await {
        if let Err(error) = make(context, id).await {
            tracing::warn!(video.id = %id, %error, "could not make a spritesheet");
        }
    }
}

async fn make(context: &Context, id: VideoId) -> Result<(), Error> {
    let Some(video) = video::by_id(&context.db, id).await? else { return Ok(()) };
    let Some(path) = video.spritesheet_path() else { return Ok(()) };
    context.storage.verify().await?;
    if context.storage.size(&path).await.is_ok() || !is_first(context, id).await {
        return Ok(());
    }
    let made = context.inspector.make_spritesheet(&context.storage, &video).await?;
    if !made {
        tracing::info!(video.id = %id, "no spritesheet could be made of a video");
    } else if video::by_id(&context.db, id).await?.is_none() {
        // Deleted in the meantime.
        context.storage.delete(&path).await?;
    }
    Ok(())
}

/// Whether this processor is the first to take the request. Without Redis each makes the same file.
async fn is_first(context: &Context, id: VideoId) -> bool {
    let counted = context.bus.count(&format!("spritesheet:{id}"), TAKEN).await;
    !counted.is_ok_and(|counted| counted.count > 1)
}
