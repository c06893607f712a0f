//! The TLS implementation of the whole process.

/// Installs `ring` as the process's TLS provider, unless there is one already.
///
/// Clients of HTTP, Redis and websockets are built without a provider of their own and fail without this call, even where
/// they never use TLS.
pub fn install_provider() {
    rustls::crypto::ring::default_provider().install_default().ok();
}
