//! The limit on open files, which connections, databases and files share.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit on open files to its hard limit. Returns the limit that is in force.
///
/// # Errors
/// Fails if the system does not allow it.
pub fn raise() -> io::Result<u64> {
    let before = getrlimit(Resource::Nofile);
    let Rlimit { current, maximum } = before;
    // Unlimited is not a number that every system accepts here.
    if current != maximum && maximum.is_some() {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    tracing::info!(files = now, before = current.unwrap_or(u64::MAX), "limit on open files");
    Ok(now)
}
