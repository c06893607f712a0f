//! Takes deliveries from the queue and settles each one by what the database says about its job.

pub(crate) mod handle_delivery;
pub(crate) mod worker;
