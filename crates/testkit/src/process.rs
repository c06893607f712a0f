//! A real process of the platform, with nothing in its environment but what the test says.

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

    /// The same with arguments.
    #[must_use]
    pub fn with_arguments(program: impl AsRef<Path>, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let child = Command::new(program.as_ref())
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Self(child.expect("the program starts"))
    }

    /// Ends it as a crash does: SIGKILL, and waits until it is gone.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("the process can be killed");
    }

    /// Its process id, to send signals to.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id().expect("the process runs")
    }

    /// Waits for its end and answers with its exit status; `None` when a signal ended it.
    pub async fn exit(mut self) -> Option<i32> {
        self.0.wait().await.expect("the process can be waited for").code()
    }
}
