//! Faults over real processes, and the checks afterwards.
fn main() {}
