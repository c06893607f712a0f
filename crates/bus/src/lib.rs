//! The Redis contract: keys, entries, events, scripts
