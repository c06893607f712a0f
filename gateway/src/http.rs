//! What surrounds every request, whatever it asks for.
//!
//! | module | role |
//! |---|---|
//! | `access_log`, `request_id`, `security_headers` | the outermost layer: log, span, ids, response headers |
//! | `catch_panic`, `timeouts`, `host_guard`, `origin` | the layers inside it |
//! | `problem` | error responses |
//! | `body`, `query`, `path` | reading requests; all invalid fields are reported at once |
//! | `conditional` | `If-None-Match` |
//! | `client_address`, `trusted_proxies` | where a request comes from |
//! | `throttle`, `connection_limit` | limits on rates and on concurrency |
//! | `static_files` | the page |

pub(crate) mod access_log;
pub(crate) mod body;
pub(crate) mod catch_panic;
pub(crate) mod client_address;
pub(crate) mod compression;
pub(crate) mod conditional;
pub(crate) mod connection_limit;
pub(crate) mod host_guard;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod prefer;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod request_id;
pub(crate) mod security_headers;
pub(crate) mod static_files;
pub(crate) mod throttle;
pub(crate) mod timeouts;
pub(crate) mod trusted_proxies;
