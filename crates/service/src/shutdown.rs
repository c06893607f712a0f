//! The end of a process: the first signal asks it to finish, the second ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status after a second signal.
const EXIT_IMPATIENT: i32 = 130;

/// A token that the first SIGTERM or SIGINT cancels. A second one exits at once: nothing may depend on it not doing so.
///
/// # Errors
/// The signals cannot be listened to.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = token.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("asked to stop; ask again to stop at once");
        stopping.cancel();
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(EXIT_IMPATIENT);
    });
    Ok(token)
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! { _ = a.recv() => {}, _ = b.recv() => {} }
}
