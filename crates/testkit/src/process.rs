//! Runs a program with only the environment variables that the test sets.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// A running process; killed when dropped.
pub struct Process(Child);

impl Process {
    /// Starts `program` with exactly these variables; its log goes to the test's standard error.
    #[must_use]
    pub fn start(program: impl AsRef<Path>, environment: &[(&str, &str)]) -> Self {
        Self::with_arguments(program, &[], environment)
    }

    /// Like [`Process::start`], with arguments.
    #[must_use]
    pub fn with_arguments(program: impl AsRef<Path>, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(Command::new(program.as_ref()).args(arguments), environment)
    }

    /// Like [`Process::start`], with its log going to a pipe that nobody reads.
    #[must_use]
    pub fn with_unread_log(program: impl AsRef<Path>, environment: &[(&str, &str)]) -> Self {
        Self::spawn(Command::new(program.as_ref()).stderr(Stdio::piped()), environment)
    }

    /// Like [`Process::start`], with its log going to a file.
    #[must_use]
    pub fn with_log(program: impl AsRef<Path>, environment: &[(&str, &str)], log: File) -> Self {
        Self::spawn(Command::new(program.as_ref()).stderr(log), environment)
    }

    fn spawn(command: &mut Command, environment: &[(&str, &str)]) -> Self {
        let command = command.env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
        Self(command.kill_on_drop(true).spawn().expect("the program starts"))
    }

    /// Sends a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status().await;
        assert!(kill.expect("kill runs").success(), "the process does not run");
    }

    /// Kills the process with SIGKILL, like a crash, and waits until it has exited.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("the process can be killed");
    }

    /// Returns the process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id().expect("the process runs")
    }

    /// Waits for the process to exit and returns its exit status; `None` if a signal ended it.
    pub async fn exit(mut self) -> Option<i32> {
        self.0.wait().await.expect("the process can be waited for").code()
    }
}
