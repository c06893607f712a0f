//! A child process: started, signalled and stopped by its id, its output in a log. It dies with this program.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::log_pipe;
use crate::run_log::now;
use crate::signal::{Signal, send};

/// How to start a process.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Name in messages and of the log file.
    pub(crate) name: String,
    /// The executable.
    pub(crate) path: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Its complete environment, apart from `PATH`.
    pub(crate) environment: Vec<(String, String)>,
    /// Working directory, and where the log is.
    pub(crate) folder: PathBuf,
    /// The user it runs as, if not the current one.
    pub(crate) owner: Option<&'static str>,
    /// The log text that marks it as ready.
    pub(crate) ready: &'static str,
    /// Whether its standard error is a pipe, whose reader can stand still.
    pub(crate) piped: bool,
}

/// A process that can be restarted.
#[derive(Debug)]
pub(crate) struct Process {
    program: Program,
    state: Mutex<State>,
    log_stopped: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    child: Option<Child>,
    /// Start time, epoch ms.
    started: i64,
    /// Size of the log at the start.
    log_from: u64,
}

impl Process {
    /// A process that is not running yet.
    pub(crate) fn new(program: Program) -> Self {
        Self { program, state: Mutex::default(), log_stopped: watch::Sender::new(false) }
    }

    /// Starts the process.
    pub(crate) fn start(&self) -> anyhow::Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let from = log.metadata()?.len();
        let mut child = self.command(&log)?.spawn().with_context(|| self.program.path.display().to_string())?;
        if let Some(stderr) = child.stderr.take() {
            log_pipe::copy(stderr, log, self.log_stopped.subscribe());
        }
        *self.state() = State { child: Some(child), started: now(), log_from: from };
        Ok(())
    }

    /// Stops reading what it logs, or goes on.
    pub(crate) fn stop_log(&self, stopped: bool) {
        self.log_stopped.send_replace(stopped);
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.program.name
    }

    /// Path of its log.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.program.folder.join(format!("{}.log", self.program.name))
    }

    /// Its process id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.state().child.as_ref().and_then(Child::id)
    }

    /// When it was last started, epoch ms.
    pub(crate) fn started_at(&self) -> i64 {
        self.state().started
    }

    /// Whether it has become ready since its last start.
    pub(crate) fn is_ready(&self) -> bool {
        let from = self.state().log_from;
        let mut text = Vec::new();
        let read = File::open(self.log_path()).and_then(|mut log| {
            log.seek(SeekFrom::Start(from))?;
            log.read_to_end(&mut text)
        });
        read.is_ok() && String::from_utf8_lossy(&text).contains(self.program.ready)
    }

    /// Its exit status, if it exited on its own. Returned once.
    pub(crate) fn take_exit_status(&self) -> Option<ExitStatus> {
        let mut state = self.state();
        let status = state.child.as_mut()?.try_wait().ok()??;
        state.child = None;
        Some(status)
    }

    /// Sends a signal.
    pub(crate) async fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        match self.id() {
            Some(id) => send(signal, &[id]).await,
            None => Ok(()),
        }
    }

    /// Kills it and waits until it is gone.
    pub(crate) async fn kill(&self) {
        if let Some(mut child) = self.take_child() {
            child.kill().await.ok();
        }
    }

    /// Sends SIGTERM, and a second one after `second_after`. Returns its exit status, or `None` if it had to be killed after
    /// `timeout`.
    pub(crate) async fn terminate(&self, second_after: Option<Duration>, timeout: Duration) -> Option<ExitStatus> {
        let mut child = self.take_child()?;
        let deadline = Instant::now() + timeout;
        for pause in [Some(Duration::ZERO), second_after].into_iter().flatten() {
            if let Ok(status) = tokio::time::timeout(pause, child.wait()).await {
                return status.ok();
            }
            send(Signal::Terminate, &[child.id()?]).await.ok();
        }
        if let Ok(status) = tokio::time::timeout_at(deadline, child.wait()).await {
            return status.ok();
        }
        child.kill().await.ok();
        None
    }

    /// Sends a signal and waits until the process is gone.
    pub(crate) async fn signal_and_wait(&self, signal: Signal, timeout: Duration) -> anyhow::Result<()> {
        let Some(mut child) = self.take_child() else { return Ok(()) };
        send(signal, &child.id().into_iter().collect::<Vec<_>>()).await?;
        if tokio::time::timeout(timeout, child.wait()).await.is_err() {
            child.kill().await.ok();
            bail!("{} did not exit within {timeout:?}", self.name());
        }
        Ok(())
    }

    fn take_child(&self) -> Option<Child> {
        self.state().child.take()
    }

    fn command(&self, log: &File) -> anyhow::Result<Command> {
        let program = &self.program;
        let mut command = if let Some(wrapped) = setpriv_arguments(program.owner) {
            let mut command = Command::new("setpriv");
            command.args(wrapped).arg("--").arg(&program.path);
            command
        } else {
            Command::new(&program.path)
        };
        command
            .args(&program.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&program.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(if program.piped { Stdio::piped() } else { log.try_clone()?.into() })
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Describes how a process exited.
pub(crate) fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => "unknown status".into(),
    }
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Arguments for `setpriv`, if available: the process dies with this program, and runs as `owner`.
fn setpriv_arguments(owner: Option<&str>) -> Option<Vec<String>> {
    static SETPRIV: OnceLock<bool> = OnceLock::new();
    let is_usable = || {
        let tried = std::process::Command::new("setpriv").args(["--pdeathsig", "KILL", "true"]).status();
        tried.is_ok_and(|status| status.success())
    };
    if !*SETPRIV.get_or_init(is_usable) {
        return None;
    }
    let mut arguments = vec!["--pdeathsig".to_owned(), if owner.is_some() { "QUIT" } else { "KILL" }.to_owned()];
    if let Some(owner) = owner {
        arguments.extend([format!("--reuid={owner}"), format!("--regid={owner}"), "--init-groups".to_owned()]);
    }
    Some(arguments)
}
