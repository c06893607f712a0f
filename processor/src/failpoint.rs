//! Points where a test can crash the process or block it. Active in debug builds only.

use std::time::Duration;

/// Aborts the process, as SIGKILL would, if `FAULT_POINT` names this point. With `block:` before the name, blocks every
/// thread of the runtime instead.
pub(crate) fn hit(name: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    match std::env::var("FAULT_POINT").as_deref() {
        Ok(point) if point == name => std::process::abort(),
        Ok(point) if point.strip_prefix("block:") == Some(name) => block_runtime(),
        _ => {}
    }
}

/// More tasks than any runtime has threads.
const BLOCKING_TASKS: usize = 256;

fn block_runtime() {
    for _ in 0..BLOCKING_TASKS {
        tokio::spawn(async { std::thread::sleep(Duration::MAX) });
    }
    std::thread::sleep(Duration::MAX);
}
