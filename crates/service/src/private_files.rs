//! Files and folders that a process creates are private to its user: they hold passwords' hashes, prompts and videos.

use rustix::fs::Mode;
use rustix::process::umask;

/// Lets only the user read and write files and folders that this process creates from now on.
pub fn create_private_files() {
    umask(Mode::RWXG | Mode::RWXO);
}
