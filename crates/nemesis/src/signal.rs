//! Sends signals to processes by their ids.

use std::path::Path;

use anyhow::Context as _;
use tokio::process::Command;

/// A signal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
    /// SIGTERM.
    Terminate,
    /// SIGQUIT, which is PostgreSQL's immediate shutdown.
    Quit,
}

/// Sends a signal to processes. Processes that no longer exist are ignored.
pub(crate) async fn send(signal: Signal, ids: &[u32]) -> anyhow::Result<()> {
    let name = match signal {
        Signal::Stop => "STOP",
        Signal::Continue => "CONT",
        Signal::Terminate => "TERM",
        Signal::Quit => "QUIT",
    };
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let script = format!("kill -{name} {} 2>/dev/null; :", ids.join(" "));
    Command::new("sh").arg("-c").arg(script).status().await.context("sh")?;
    Ok(())
}

/// The children of a process.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id: &u32| parent_of(*id) == Some(parent)).collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
