//! The limits of admission, mirrored from the database.

use redis::AsyncCommands;

use crate::{Bus, Error};

/// The mirror of the `limits` row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of jobs in flight in all processors; 0 = no maximum.
    pub cap: u32,
    /// Whether admission is paused.
    pub paused: bool,
}

/// Maximum number of admitted entries that wait undelivered. Small, because admitted entries no longer take fair turns.
const TARGET: u32 = 8;

impl Bus {
    /// Whether Redis holds limits. If not, it has lost its data or is new.
    pub async fn has_limits(&self) -> Result<bool, Error> {
        Ok(self.connection().await?.exists(&self.keys.limits).await?)
    }

    /// Stores the limits in force and admits what they allow.
    pub async fn mirror_limits(&self, limits: Limits) -> Result<(), Error> {
        let fields = [("cap", limits.cap), ("paused", u32::from(limits.paused)), ("target", TARGET)];
        self.connection().await?.hset_multiple::<_, _, _, ()>(&self.keys.limits, &fields).await?;
        self.admit().await.map(drop)
    }
}
