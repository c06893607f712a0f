//! Programs that read what came from outside, confined: an empty environment, no input, limits on time, memory, processor
//! time and what they write; killed when nobody waits for them any more.
//!
//! They run as the processor's own user. So that they find no secret beside them, the processor keeps its environment
//! and its memory from its equals ([`deny_process_inspection`]); secrets given as files are only safe from them where the container or
//! the service manager takes the files away, which is why posters can be switched off.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may take.
const RUN_TIMEOUT: Duration = Duration::from_secs(30);

/// Where programs are when there is no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Set before the program takes the shell's place: seconds of processor time, KiB of memory, blocks of 512 bytes
/// written, open files. A limit that a system does not know is left out.
const LIMITS: &str = "ulimit -t 20; ulimit -v 2097152; ulimit -f 0; ulimit -n 64; ulimit -c 0";

/// Keeps this process's environment and memory from others of its user, as far as the system can.
pub(super) fn deny_process_inspection() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "other programs of this user can read the processor's environment");
    }
}

/// The program of that name or at that path, if it is there.
pub(super) async fn find(name: &str) -> Option<PathBuf> {
    let candidates: Vec<PathBuf> = match Path::new(name).components().count() {
        1 => std::env::split_paths(&std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()))
            .map(|folder| folder.join(name))
            .collect(),
        _ => vec![PathBuf::from(name)],
    };
    for candidate in candidates {
        if tokio::fs::metadata(&candidate).await.is_ok_and(|found| found.is_file()) {
            return Some(candidate);
        }
    }
    None
}

/// What `program` writes, at max_bytes `max_bytes` bytes; `None` when it fails, takes too long, or writes more.
///
/// # Errors
/// It cannot be started.
pub(super) async fn run(program: &Path, arguments: &[String], max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("{{ {LIMITS}; }} 2>/dev/null; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let Some(mut stdout) = child.stdout.take() else { return Ok(None) };
    let output = async {
        let mut bytes = Vec::new();
        (&mut stdout).take(max_bytes as u64 + 1).read_to_end(&mut bytes).await?;
        let status = if bytes.len() > max_bytes { None } else { Some(child.wait().await?) };
        Ok((status, bytes))
    };
    match timeout(RUN_TIMEOUT, output).await {
        Ok(Ok((Some(status), bytes))) if status.success() => Ok(Some(bytes)),
        Ok(Ok(_)) | Err(_) => Ok(None),
        Ok(Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, max_bytes: usize) -> Option<String> {
        let output = run(Path::new("/bin/sh"), &["-c".into(), script.into()], max_bytes).await.unwrap();
        output.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[tokio::test]
    async fn a_program_has_no_environment_no_input_and_nowhere_to_write() {
        assert_eq!(sh("cat", 100).await.as_deref(), Some(""));
        let environment = sh("env", 1_000).await.unwrap();
        let names: Vec<_> = environment.lines().filter_map(|line| line.split('=').next()).collect();
        assert!(names.iter().all(|name| ["PWD", "OLDPWD", "SHLVL", "_", "PATH"].contains(name)), "{environment}");
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(sh(&format!("echo x >{}", file.path().display()), 100).await, None);
    }

    #[tokio::test]
    async fn one_that_fails_or_says_too_much_has_told_nothing() {
        assert_eq!(sh("echo x; exit 1", 100).await, None);
        assert_eq!(sh("yes", 1_000).await, None);
        assert_eq!(sh("echo enough", 7).await.as_deref(), Some("enough\n"));
    }

    #[tokio::test]
    async fn a_program_is_found_by_name_or_path() {
        assert!(find("sh").await.is_some() && find("/bin/sh").await.is_some());
        assert!(find("no-such-program").await.is_none() && find("/no/such").await.is_none());
    }
}
