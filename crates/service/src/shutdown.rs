//! Shutdown signals: the first starts a graceful shutdown, the second exits immediately.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit status after a second signal.
const EXIT_IMPATIENT: i32 = 130;

/// Returns a token that the first SIGTERM or SIGINT cancels. A second signal exits immediately, so no code may rely on
/// completing its shutdown. Fails if the signal handlers cannot be installed.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = token.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("shutting down; send the signal again to exit immediately");
        stopping.cancel();
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(EXIT_IMPATIENT);
    });
    Ok(token)
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! { _ = a.recv() => {}, _ = b.recv() => {} }
}
