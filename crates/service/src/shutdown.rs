//! Signals: which ones shut the process down, and which ones it ignores.
//!
//! The first SIGTERM or SIGINT starts a graceful shutdown, the second exits immediately. SIGHUP does the same if standard
//! error is a terminal, which has then been closed; otherwise there is nothing to reload, and it is ignored. Other signals
//! that would end the process by default are ignored too. SIGQUIT and SIGABRT keep their effect: they end a process that
//! hangs, with a core dump.

use std::io::{self, IsTerminal, stderr};
#[cfg(target_os = "linux")]
use std::ops::RangeInclusive;

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::telemetry;

/// Exit status after a second signal.
const EXIT_IMPATIENT: i32 = 130;

/// Signals without a meaning here that would end the process.
const IGNORED: &[Signal] = &[
    Signal::USR1,
    Signal::USR2,
    Signal::PIPE,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::IO,
    Signal::XCPU,
    Signal::XFSZ,
    #[cfg(target_os = "linux")]
    Signal::STKFLT,
    #[cfg(target_os = "linux")]
    Signal::POWER,
];

/// Real-time signals, without those that C libraries use themselves.
#[cfg(target_os = "linux")]
const REAL_TIME: RangeInclusive<i32> = 35..=64;

/// Returns a token that the first shutdown signal cancels. A second one exits immediately, so no code may rely on
/// completing its shutdown. Fails if the signal handlers cannot be installed.
pub fn on_signal() -> io::Result<CancellationToken> {
    ignore_others()?;
    let mut requests = Requests {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hang_up: signal(SignalKind::hangup())?,
        terminal: stderr().is_terminal(),
    };
    let token = CancellationToken::new();
    let stopping = token.clone();
    tokio::spawn(async move {
        requests.next().await;
        tracing::info!("shutting down; send the signal again to exit immediately");
        stopping.cancel();
        requests.next().await;
        telemetry::flush();
        std::process::exit(EXIT_IMPATIENT);
    });
    Ok(token)
}

/// Installs handlers that do nothing. Unlike `SIG_IGN`, child processes do not inherit them.
fn ignore_others() -> io::Result<()> {
    let numbers = IGNORED.iter().map(|ignored| ignored.as_raw());
    #[cfg(target_os = "linux")]
    let numbers = numbers.chain(REAL_TIME);
    // A handler stays installed when its stream is dropped.
    numbers.map(SignalKind::from_raw).try_for_each(|kind| signal(kind).map(drop))
}

/// The signals that ask the process to stop.
struct Requests {
    terminate: Stream,
    interrupt: Stream,
    hang_up: Stream,
    /// Whether standard error was a terminal at the start.
    terminal: bool,
}

impl Requests {
    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {
                    if self.terminal {
                        return;
                    }
                    tracing::info!("ignoring SIGHUP: there is nothing to reload");
                }
            }
        }
    }
}
