//! How recent the database was with which the processors worked last.

use uuid::Uuid;

use crate::{Bus, Error};

/// The number of a database, as in its row `recency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recency {
    /// The database.
    pub database: Uuid,
    /// Its number.
    pub tick: i64,
}

impl Bus {
    /// The number that was recorded last. `None` if Redis has lost its data or is new.
    pub async fn recency(&self) -> Result<Option<Recency>, Error> {
        let text: Option<String> = self.send(redis::cmd("GET").arg(&self.keys.recency)).await?;
        Ok(text.as_deref().and_then(parse))
    }

    /// Records the number of the database.
    pub async fn record_recency(&self, Recency { database, tick }: Recency) -> Result<(), Error> {
        self.send(redis::cmd("SET").arg(&self.keys.recency).arg(format!("{database} {tick}"))).await
    }
}

fn parse(text: &str) -> Option<Recency> {
    let (database, tick) = text.split_once(' ')?;
    Some(Recency { database: database.parse().ok()?, tick: tick.parse().ok()? })
}
