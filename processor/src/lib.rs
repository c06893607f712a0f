//! Takes jobs from the stream, drives the upstream, records results
