//! The schema's history, and the command that applies it
