//! The limits of admission, mirrored from the database.

use entity::limits::Model;

use crate::{Error, Queue, script};

/// The mirror of the `limits` row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of jobs in flight in all processors; 0 = no maximum.
    pub cap: u32,
    /// Whether admission is paused.
    pub paused: bool,
    /// The row's version. A mirror is replaced only by a newer one.
    pub version: i64,
}

/// Maximum number of admitted entries that wait undelivered. Small, because admitted entries no longer take fair turns.
const TARGET: u32 = 8;

impl From<Model> for Limits {
    fn from(row: Model) -> Self {
        Self { cap: u32::try_from(row.concurrency).unwrap_or(0), paused: row.paused, version: row.version }
    }
}

impl Queue {
    /// The limits that Redis holds. `None` if it has lost its data or is new.
    pub async fn limits(&self) -> Result<Option<Limits>, Error> {
        let mut command = redis::cmd("HMGET");
        command.arg(&self.keys.limits).arg(&["cap", "paused", "version"]);
        let (cap, paused, version): (Option<u32>, Option<u32>, Option<i64>) = self.bus.send(&command).await?;
        // Mirrors of older processes have no version.
        let held = cap.zip(paused);
        Ok(held.map(|(cap, paused)| Limits { cap, paused: paused == 1, version: version.unwrap_or(0) }))
    }

    /// Stores limits unless Redis holds the same or a newer version, and admits what the limits in force allow.
    pub async fn mirror_limits(&self, limits: Limits) -> Result<(), Error> {
        let mut script = script::MIRROR_LIMITS.with(&self.keys);
        script.arg(limits.cap).arg(u32::from(limits.paused)).arg(TARGET).arg(limits.version);
        self.bus.send(&script).await
    }
}
