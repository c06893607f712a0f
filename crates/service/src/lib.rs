//! What all processes share: configuration, logging, metrics, signals, health probes, the HTTP server, and batches.

pub mod batch;
pub mod env;
mod error;
pub mod file_limit;
pub mod metrics;
pub mod private_files;
pub mod probe;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod time;
pub mod tls;
pub mod trace;

pub use env::{Environment, Secret};
pub use error::error_chain;
pub use trace::Trace;
