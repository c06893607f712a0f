//! A child process: started, stopped and measured by its id.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// Clock ticks per second in `/proc` (`USER_HZ`), the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process, killed when dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `program` with exactly this environment; its output goes to a log in `folder`.
    pub(crate) fn start(
        program: impl AsRef<OsStr>,
        arguments: &[String],
        environment: &[(String, String)],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let name = Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log")))?;
        let child = Command::new(program.as_ref())
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .envs(environment.iter().cloned())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self { name, child })
    }

    /// Waits for the process to exit with status 0.
    pub(crate) async fn wait_success(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().await?;
        anyhow::ensure!(status.success(), "{} exited with {status}", self.name);
        Ok(())
    }

    /// Kills the process.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Sends SIGTERM without waiting.
    pub(crate) async fn terminate(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").arg("-TERM").arg(self.id()?.to_string()).status().await?;
        anyhow::ensure!(status.success(), "{} could not be signalled", self.name);
        Ok(())
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// CPU time consumed so far.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<Duration> {
        cpu_time(&std::fs::read_to_string(format!("/proc/{}/stat", self.id()?))?, 2)
            .context("/proc/PID/stat is malformed")
    }

    fn id(&self) -> anyhow::Result<u32> {
        self.child.id().with_context(|| format!("{} has exited", self.name))
    }
}

/// CPU time consumed so far by all processes of this machine that are called `name`, and by their children that have ended.
pub(crate) fn cpu_time_of_all(name: &str) -> anyhow::Result<Duration> {
    let mut total = Duration::ZERO;
    for entry in std::fs::read_dir("/proc")? {
        // A process that ends meanwhile is left out.
        let stat = std::fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        if stat.contains(&format!(" ({name}) ")) {
            total += cpu_time(&stat, 4).unwrap_or_default();
        }
    }
    Ok(total)
}

/// The sum of the first `fields` of utime, stime, cutime and cstime in `/proc/PID/stat`.
fn cpu_time(stat: &str, fields: usize) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: f64 = rest.split(' ').skip(11).take(fields).filter_map(|field| field.parse::<f64>().ok()).sum();
    Some(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
}

/// Total bytes in the kernel's send queues of the sockets on a local port.
pub(crate) fn send_queues(port: u16) -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let local = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let ours = rows.filter(|row| row.get(1).is_some_and(|address| address.ends_with(&local)));
    let bytes = ours.filter_map(|row| u64::from_str_radix(row.get(4)?.split(':').next()?, 16).ok());
    Ok(bytes.sum())
}
