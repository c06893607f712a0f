//! Logs panics as other errors, so that a panic does not block on standard error either.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};
use std::thread;

/// Replaces the standard library's hook, which writes to standard error itself.
pub(super) fn log_panics() {
    set_hook(Box::new(log));
}

/// Logs a panic, with a backtrace if `RUST_BACKTRACE` asks for one.
fn log(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("unknown");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(location, thread = thread.name(), backtrace, "panic: {message}");
}
