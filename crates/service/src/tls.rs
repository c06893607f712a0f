//! Selects the TLS implementation for the process.

/// Installs `ring` as the process's TLS provider unless one is installed already.
///
/// HTTP, Redis and websocket clients have no provider of their own and fail without this call, even if they never use
/// TLS.
pub fn install_provider() {
    rustls::crypto::ring::default_provider().install_default().ok();
}
