//! Counts of requests, submissions and downloads.

pub(crate) mod counters;
pub(crate) mod handlers;
