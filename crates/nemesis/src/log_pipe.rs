//! The standard error of a process as a pipe whose reader can stand still, as a log shipper that is stuck does.

use std::fs::File;
use std::io::Write as _;

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;
use tokio::sync::watch;

/// Size of the pipe, the smallest that the system allows, so that it is soon full.
const PIPE_BYTES: usize = 4_096;

/// Copies what a process writes into its log, until the process ends.
pub(crate) fn copy(from: ChildStderr, to: File, stopped: watch::Receiver<bool>) {
    // A larger pipe is only a weaker fault.
    let _ = rustix::pipe::fcntl_setpipe_size(&from, PIPE_BYTES);
    tokio::spawn(copy_all(from, to, stopped));
}

async fn copy_all(mut from: ChildStderr, mut to: File, mut stopped: watch::Receiver<bool>) {
    let mut buffer = [0; PIPE_BYTES];
    while stopped.wait_for(|stopped| !*stopped).await.is_ok() {
        match from.read(&mut buffer).await {
            Ok(read @ 1..) if to.write_all(&buffer[..read]).is_ok() => {}
            _ => return,
        }
    }
}
