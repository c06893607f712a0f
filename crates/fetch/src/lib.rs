//! The guarded HTTP client for addresses that come from outside
