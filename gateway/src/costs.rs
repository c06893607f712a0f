//! What is spent: budgets with what is left of them, and reports.

pub(crate) mod budgets;
mod csv;
mod query;
pub(crate) mod report;

pub(crate) use budgets::require;
