//! Background tasks that repair or clean up. All are safe to run in every processor at once, so none needs a leader.

pub(crate) mod housekeeping;
pub(crate) mod reconciler;
pub(crate) mod upstream_cancel;
