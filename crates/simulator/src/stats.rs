//! Counting requests, and reading the counts over HTTP.

pub(crate) mod counters;
pub(crate) mod handlers;
