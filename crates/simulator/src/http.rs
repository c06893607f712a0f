//! What surrounds every request: connections and error responses.

pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod injected_error;
