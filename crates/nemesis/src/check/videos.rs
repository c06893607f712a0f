//! The file of a completed job downloads completely and matches its row.

use sha2::{Digest, Sha256};

use super::FinalState;
use crate::client::User;
use crate::platform::Platform;

/// Downloads and checks every video.
pub(super) async fn check(platform: &Platform, final_state: &FinalState, users: &[User]) -> anyhow::Result<()> {
    for user in users {
        let accepted: Vec<_> = user.observations.lock().accepted.iter().map(|job| job.id).collect();
        for video in accepted.iter().filter_map(|id| final_state.videos.get(id)).flatten() {
            match user.download(video.id.into()).await {
                Ok(bytes) => {
                    if let Some(mismatch) = mismatch(&bytes, video) {
                        platform.log.violation(format!("job {}: its video {mismatch}", video.job_id));
                    }
                }
                Err(error) => {
                    platform.log.violation(format!("job {}: downloading its video failed: {error:#}", video.job_id));
                }
            }
        }
    }
    Ok(())
}

fn mismatch(bytes: &[u8], row: &entity::video::Model) -> Option<String> {
    if i64::try_from(bytes.len()).ok() != Some(row.size) {
        return Some(format!("has {} bytes, its row says {}", bytes.len(), row.size));
    }
    if bytes.get(4..8) != Some(b"ftyp") {
        return Some("is not an MP4".into());
    }
    let sha256 = hex::encode(Sha256::digest(bytes));
    (sha256 != row.sha256).then(|| format!("has the SHA-256 {sha256}, its row says {}", row.sha256))
}
