//! Runs programs that read untrusted files, confined: an empty environment, no input, and limits on time, CPU time, memory
//! and output. A program is killed when its caller is dropped.
//!
//! The programs run as the processor's own user. To keep secrets from them, the processor denies access to its environment
//! and memory ([`deny_process_inspection`]). Secrets in files are safe only if the container or the service manager
//! hides the files, which is why posters can be switched off.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Used if `PATH` is not set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a program may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Time for one run.
    pub(super) timeout: Duration,
    /// Seconds of CPU time.
    pub(super) cpu_seconds: u32,
    /// Largest file that it may write, in bytes.
    pub(super) file_bytes: u64,
    /// Maximum size of its output, in bytes.
    pub(super) output_bytes: usize,
}

impl Limits {
    /// Limits for a program that reads one video and writes nothing but its output.
    pub(super) const fn reading(output_bytes: usize) -> Self {
        Self { timeout: Duration::from_secs(30), cpu_seconds: 20, file_bytes: 0, output_bytes }
    }

    /// The commands by which the shell sets them, besides 2 GiB of memory, 64 open files, and no core dumps. A limit that
    /// the system does not support is skipped.
    fn shell(&self) -> String {
        // In blocks of 512 bytes; some shells count in KiB, which allows twice as much.
        let (cpu, blocks) = (self.cpu_seconds, self.file_bytes.div_ceil(512));
        format!("ulimit -t {cpu}; ulimit -v 2097152; ulimit -f {blocks}; ulimit -n 64; ulimit -c 0")
    }
}

/// Denies other processes of the same user access to this one's environment and memory, where the system can.
pub(super) fn deny_process_inspection() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "could not protect the environment from other processes of this user");
    }
}

/// Finds a program by name or path.
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

/// Runs `program` and returns its output. `None` if it fails or exceeds a limit.
///
/// # Errors
/// The program cannot be started.
pub(super) async fn run(program: &Path, arguments: &[String], limits: Limits) -> io::Result<Option<Vec<u8>>> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("{{ {}; }} 2>/dev/null; exec \"$0\" \"$@\"", limits.shell())])
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
    let read = async {
        let mut bytes = Vec::new();
        (&mut stdout).take(limits.output_bytes as u64 + 1).read_to_end(&mut bytes).await?;
        let status = if bytes.len() > limits.output_bytes { None } else { Some(child.wait().await?) };
        Ok((status, bytes))
    };
    match timeout(limits.timeout, read).await {
        Ok(Ok((Some(status), bytes))) if status.success() => Ok(Some(bytes)),
        Ok(Ok(_)) | Err(_) => Ok(None),
        Ok(Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, max_bytes: usize) -> Option<String> {
        let limits = Limits::reading(max_bytes);
        let output = run(Path::new("/bin/sh"), &["-c".into(), script.into()], limits).await.unwrap();
        output.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[tokio::test]
    async fn programs_have_no_environment_no_input_and_cannot_write_files() {
        assert_eq!(sh("cat", 100).await.as_deref(), Some(""));
        let environment = sh("env", 1_000).await.unwrap();
        let names: Vec<_> = environment.lines().filter_map(|line| line.split('=').next()).collect();
        assert!(names.iter().all(|name| ["PWD", "OLDPWD", "SHLVL", "_", "PATH"].contains(name)), "{environment}");
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(sh(&format!("echo x >{}", file.path().display()), 100).await, None);
    }

    #[tokio::test]
    async fn output_of_a_failed_or_too_verbose_program_is_discarded() {
        assert_eq!(sh("echo x; exit 1", 100).await, None);
        assert_eq!(sh("yes", 1_000).await, None);
        assert_eq!(sh("echo enough", 7).await.as_deref(), Some("enough\n"));
    }

    #[tokio::test]
    async fn finds_programs_by_name_or_path() {
        assert!(find("sh").await.is_some() && find("/bin/sh").await.is_some());
        assert!(find("no-such-program").await.is_none() && find("/no/such").await.is_none());
    }
}
