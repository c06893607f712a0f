//! What surrounds every request: authorisation, errors, the access log, and connections that can be dropped.

pub(crate) mod access_log;
pub(crate) mod auth;
mod brotli;
pub(crate) mod connection;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod injected_error;
