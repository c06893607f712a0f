//! The faults, and the schedule of a run. Both are drawn from the seed alone.

use std::fmt;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::upstreams::{POOLS, SIMULATORS, Upstreams};

/// Number of gateways.
pub(crate) const GATEWAYS: usize = 2;

/// Number of processors.
pub(crate) const PROCESSORS: usize = 3;

/// A part of the platform that a fault can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A gateway, by index.
    Gateway(usize),
    /// A processor, by index.
    Processor(usize),
    /// The Redis server.
    Redis,
    /// The PostgreSQL server.
    Postgres,
    /// The folder of the videos.
    Storage,
    /// The settings of the queue.
    Queue,
    /// A simulator, by index.
    Upstream(usize),
}

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, restarted after this long. Redis keeps its append-only file.
    Kill(Part, Duration),
    /// SIGSTOP, followed by SIGCONT after this long.
    Freeze(Part, Duration),
    /// SIGTERM to a processor, restarted once it has exited. `true` sends a second SIGTERM shortly after the first.
    Drain(usize, bool),
    /// SIGKILL to Redis, restarted with no data after this long.
    WipeRedis(Duration),
    /// FLUSHALL.
    FlushRedis,
    /// Closes every client connection to Redis.
    DropClients,
    /// SCRIPT FLUSH.
    FlushScripts,
    /// XGROUP DESTROY.
    DestroyGroup,
    /// PostgreSQL's immediate shutdown, followed by a restart.
    RestartPostgres,
    /// Terminates every connection to the database.
    TerminateBackends,
    /// Sets the wall clock of a part by this many seconds, and back after this long.
    SetClock(Part, i64, Duration),
    /// Puts an empty folder in the place of the storage, as when it is unmounted, and puts it back after this long.
    UnmountStorage(Duration),
    /// Opens connections to a gateway, requests more than the system buffers, and reads nothing for this long.
    StallReaders(usize, Duration),
    /// Reads nothing of what a process logs for this long.
    StopLog(Part, Duration),
    /// Makes a replica of Redis the primary, behind the same address, and changes back after this long.
    FailOverRedis(Duration),
    /// Pauses the queue for this long, after contradictory changes at the same time.
    PauseQueue(Duration),
    /// Sends nothing new to a simulator for this long.
    PauseUpstream(usize, Duration),
    /// Starts no job of a pool for this long.
    PausePool(usize, Duration),
}

/// A fault and when it is injected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScheduledFault {
    /// Time since the load started.
    pub(crate) at: Duration,
    /// The fault.
    pub(crate) fault: Fault,
}

impl Fault {
    fn random(rng: &mut StdRng) -> Self {
        let processor = rng.random_range(0..PROCESSORS);
        let gateway = rng.random_range(0..GATEWAYS);
        let down = Duration::from_millis(rng.random_range(200..2_500));
        let frozen = Duration::from_millis(rng.random_range(500..5_000));
        let hours = rng.random_range(1..=12) * if rng.random_bool(0.5) { 3_600 } else { -3_600 };
        let upstream = rng.random_range(0..SIMULATORS);
        match rng.random_range(0..160) {
            0..18 => Self::Kill(Part::Processor(processor), down),
            18..32 => Self::Freeze(Part::Processor(processor), frozen),
            32..42 => Self::Drain(processor, rng.random_bool(0.3)),
            42..49 => Self::Kill(Part::Gateway(gateway), down),
            49..54 => Self::Freeze(Part::Gateway(gateway), frozen),
            54..62 => Self::FlushRedis,
            62..67 => Self::Kill(Part::Redis, down),
            67..71 => Self::WipeRedis(down),
            71..76 => Self::Freeze(Part::Redis, frozen),
            76..80 => Self::DropClients,
            80..83 => Self::FlushScripts,
            83..87 => Self::DestroyGroup,
            87..92 => Self::RestartPostgres,
            92..96 => Self::Freeze(Part::Postgres, frozen),
            96..100 => Self::TerminateBackends,
            100..105 => Self::SetClock(Part::Postgres, hours, frozen),
            105..110 => Self::SetClock(Part::Processor(processor), hours, frozen),
            110..115 => Self::UnmountStorage(down),
            115..121 => Self::StallReaders(gateway, frozen),
            121..125 => Self::StopLog(Part::Processor(processor), frozen),
            125..128 => Self::StopLog(Part::Gateway(gateway), frozen),
            128..134 => Self::FailOverRedis(down),
            134..141 => Self::PauseQueue(down),
            141..149 => Self::Freeze(Part::Upstream(upstream), frozen),
            149..156 => Self::PauseUpstream(upstream, frozen),
            _ => Self::PausePool(rng.random_range(0..POOLS.len()), down),
        }
    }

    /// The part that it hits.
    pub(crate) fn part(self) -> Part {
        match self {
            Self::Kill(part, _) | Self::Freeze(part, _) | Self::SetClock(part, ..) | Self::StopLog(part, _) => part,
            Self::Drain(processor, _) => Part::Processor(processor),
            Self::RestartPostgres | Self::TerminateBackends => Part::Postgres,
            Self::UnmountStorage(_) => Part::Storage,
            Self::StallReaders(gateway, _) => Part::Gateway(gateway),
            Self::PauseQueue(_) | Self::PauseUpstream(..) | Self::PausePool(..) => Part::Queue,
            _ => Part::Redis,
        }
    }

    /// Approximate time until the part has recovered.
    fn duration(self) -> Duration {
        match self {
            Self::Kill(_, down) | Self::WipeRedis(down) => down + Duration::from_millis(800),
            Self::Freeze(_, lasts)
            | Self::SetClock(_, _, lasts)
            | Self::UnmountStorage(lasts)
            | Self::StopLog(_, lasts)
            | Self::StallReaders(_, lasts) => lasts + Duration::from_millis(300),
            Self::Drain(..) | Self::RestartPostgres => Duration::from_secs(3),
            Self::FailOverRedis(lasts) => lasts + Duration::from_secs(6),
            Self::PauseQueue(lasts) | Self::PauseUpstream(_, lasts) | Self::PausePool(_, lasts) => {
                lasts + Duration::from_secs(3)
            }
            _ => Duration::from_millis(300),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(part, down) => write!(f, "kill {part}, back after {} ms", down.as_millis()),
            Self::Freeze(part, frozen) => write!(f, "freeze {part} for {} ms", frozen.as_millis()),
            Self::Drain(processor, false) => write!(f, "drain {}", Part::Processor(*processor)),
            Self::Drain(processor, true) => write!(f, "drain {} with a second SIGTERM", Part::Processor(*processor)),
            Self::WipeRedis(down) => write!(f, "kill redis and delete its data, back after {} ms", down.as_millis()),
            Self::FlushRedis => f.write_str("FLUSHALL"),
            Self::DropClients => f.write_str("close all connections to redis"),
            Self::FlushScripts => f.write_str("SCRIPT FLUSH"),
            Self::DestroyGroup => f.write_str("XGROUP DESTROY"),
            Self::RestartPostgres => f.write_str("restart postgres immediately"),
            Self::TerminateBackends => f.write_str("terminate all connections to postgres"),
            Self::SetClock(part, seconds, lasts) => {
                write!(f, "set the clock of {part} by {seconds:+} s, back after {} ms", lasts.as_millis())
            }
            Self::StopLog(part, lasts) => write!(f, "read nothing of {part}'s log for {} ms", lasts.as_millis()),
            Self::FailOverRedis(lasts) => write!(f, "fail redis over, and back after {} ms", lasts.as_millis()),
            Self::PauseQueue(lasts) => write!(f, "pause the queue for {} ms", lasts.as_millis()),
            Self::PauseUpstream(number, lasts) => {
                write!(f, "pause {} for {} ms", Part::Upstream(*number), lasts.as_millis())
            }
            Self::PausePool(number, lasts) => {
                write!(f, "pause the pool {} for {} ms", POOLS[*number], lasts.as_millis())
            }
            Self::UnmountStorage(lasts) => write!(f, "unmount the storage for {} ms", lasts.as_millis()),
            Self::StallReaders(gateway, lasts) => {
                write!(
                    f,
                    "open connections to {} and read nothing for {} ms",
                    Part::Gateway(*gateway),
                    lasts.as_millis()
                )
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(number) => write!(f, "gateway-{number}"),
            Self::Processor(number) => write!(f, "processor-{number}"),
            Self::Redis => f.write_str("redis"),
            Self::Postgres => f.write_str("postgres"),
            Self::Storage => f.write_str("storage"),
            Self::Queue => f.write_str("queue"),
            Self::Upstream(number) => f.write_str(&Upstreams::name(*number)),
        }
    }
}

/// Maximum number of draws for a schedule; a draw that overlaps an earlier fault on the same part is discarded.
const MAX_DRAWS: usize = 40;

/// Draws a schedule for `load`. At least one processor is killed, and no part is hit by two faults at once.
pub(crate) fn schedule(rng: &mut StdRng, load: Duration) -> Vec<ScheduledFault> {
    let wanted = rng.random_range(7..=12);
    let processor = rng.random_range(0..PROCESSORS);
    let first = Fault::Kill(Part::Processor(processor), Duration::from_millis(rng.random_range(200..2_500)));
    let mut timed = vec![ScheduledFault { at: random_time(rng, load), fault: first }];
    for _ in 0..MAX_DRAWS {
        let next = ScheduledFault { at: random_time(rng, load), fault: Fault::random(rng) };
        if timed.len() < wanted && timed.iter().all(|other| other.is_clear_of(&next)) {
            timed.push(next);
        }
    }
    timed.sort_by_key(|timed| timed.at);
    timed
}

fn random_time(rng: &mut StdRng, load: Duration) -> Duration {
    load.mul_f64(rng.random_range(0.08..1.0))
}

impl ScheduledFault {
    fn is_clear_of(&self, other: &Self) -> bool {
        let apart = self.at + self.fault.duration() < other.at || other.at + other.fault.duration() < self.at;
        apart || self.fault.part() != other.fault.part()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_seed_decides_the_schedule_and_faults_on_a_part_never_overlap() {
        let draw = |seed| schedule(&mut StdRng::seed_from_u64(seed), Duration::from_secs(7));
        for seed in 0..200 {
            let timed = draw(seed);
            let describe = |faults: &[ScheduledFault]| {
                faults.iter().map(|t| format!("{:?} {}", t.at, t.fault)).collect::<Vec<_>>()
            };
            assert_eq!(describe(&timed), describe(&draw(seed)));
            assert!(timed.iter().any(|timed| matches!(timed.fault, Fault::Kill(Part::Processor(_), _))), "{seed}");
            for (i, one) in timed.iter().enumerate() {
                assert!(timed[i + 1..].iter().all(|other| one.is_clear_of(other)), "{seed}");
            }
        }
    }
}
