//! What is reported while a generation runs.

/// What is reported while a generation runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgressPlan {
    /// No progress is reported.
    pub(crate) silent: bool,
    /// Progress is reported as an estimate.
    pub(crate) estimated: bool,
    pub(crate) curve: ProgressCurve,
}

/// How progress develops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProgressCurve {
    /// It only rises.
    #[default]
    Rising,
    /// It falls back half-way and rises again.
    FallsBack,
    /// The upstream fails half-way and restarts the generation.
    Restarts,
}
