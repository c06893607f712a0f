//! The upstream drivers
