//! What surrounds every request.

pub(crate) mod access_log;
pub(crate) mod body;
pub(crate) mod client_address;
pub(crate) mod connection_limit;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod serve;
pub(crate) mod static_files;
pub(crate) mod throttle;
