//! Points at which a test can have the process die, in debug builds only.

/// Dies here, as by SIGKILL, if `FAULT_POINT` names this point.
pub(crate) fn hit(name: &str) {
    if cfg!(debug_assertions) && std::env::var("FAULT_POINT").is_ok_and(|fault| fault == name) {
        std::process::abort();
    }
}
