//! Places at upstreams: how many jobs of a pool each upstream is working on.
//!
//! A job takes a place before its request is sent. The scripts that remove the job from the queue give the place back.

use std::collections::BTreeMap;

use entity::JobId;

use crate::{Error, Queue, script};

/// An upstream at which a job could have a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOffer {
    /// The upstream's name.
    pub upstream: String,
    /// Upstreams with a lower priority are used first.
    pub priority: u32,
    /// Number of places; 0 = no limit.
    pub capacity: u32,
    /// Its share of the jobs, among upstreams of the same priority. At least 1.
    pub weight: u32,
}

impl Queue {
    /// Gives the job a place at one of these upstreams and returns its name, or `None` if all are full. The place that the
    /// job had before is given back in any case.
    pub async fn take_place(&self, job: JobId, offers: &[PlaceOffer]) -> Result<Option<String>, Error> {
        let mut script = script::TAKE_PLACE.with(&self.keys);
        script.arg(job.to_string());
        for offer in offers {
            script.arg(&offer.upstream).arg(offer.priority).arg(offer.capacity).arg(offer.weight.max(1));
        }
        let upstream: String = self.bus.send(&script).await?;
        Ok(Some(upstream).filter(|upstream| !upstream.is_empty()))
    }

    /// Number of places in use, by upstream. Upstreams without any are left out.
    pub async fn places_in_use(&self) -> Result<BTreeMap<String, u64>, Error> {
        self.bus.send(redis::cmd("HGETALL").arg(&self.keys.used)).await
    }

    /// Gives back the places of jobs that are in neither the backlog nor the stream.
    pub(crate) async fn free_orphan_places(&self) -> Result<(), Error> {
        let mut cursor = "0".to_owned();
        loop {
            cursor = self.bus.send(script::FREE_ORPHAN_PLACES.with(&self.keys).arg(cursor)).await?;
            if cursor == "0" {
                return Ok(());
            }
        }
    }
}
