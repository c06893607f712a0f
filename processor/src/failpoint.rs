//! Points where a test can crash the process. Active in debug builds only.

/// Aborts the process, as SIGKILL would, if `FAULT_POINT` names this point.
pub(crate) fn hit(name: &str) {
    if cfg!(debug_assertions) && std::env::var("FAULT_POINT").is_ok_and(|point| point == name) {
        std::process::abort();
    }
}
