//! What surrounds every request.

pub(crate) mod access_log;
pub(crate) mod body;
pub(crate) mod catch_panic;
pub(crate) mod client_address;
pub(crate) mod conditional;
pub(crate) mod connection_limit;
pub(crate) mod host_guard;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod request_id;
pub(crate) mod security_headers;
pub(crate) mod serve;
pub(crate) mod static_files;
pub(crate) mod throttle;
pub(crate) mod timeouts;
pub(crate) mod trusted_proxies;
