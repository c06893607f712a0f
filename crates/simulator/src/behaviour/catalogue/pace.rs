//! Behaviours that set the pace and the progress of a generation.

use std::time::Duration;

use crate::behaviour::definition::Definition;
use crate::plan::Plan;
use crate::plan::progress::ProgressCurve;

/// Pace of `slow`: the interval at which real upstreams report progress.
const SLOW: Duration = Duration::from_secs(30);

pub(super) static PACE: &[Definition] = &[
    Definition::flag("happy", "succeed, overriding the flags", Plan::reset_faults),
    Definition::flag("instant", "no pause between steps", |plan| plan.pace = Duration::ZERO),
    Definition::flag("slow", "30 s between steps", |plan| plan.pace = SLOW),
    Definition::number("pace=MS", "MS milliseconds between steps", 0..=u64::MAX, |plan, ms| {
        plan.pace = Duration::from_millis(ms);
    }),
    Definition::number("steps=N", "N progress reports in a complete generation", 1..=65_535, |plan, steps| {
        plan.steps = u16::try_from(steps).unwrap_or(u16::MAX);
    }),
    Definition::flag("silent", "no progress reports; the generation takes as long", |plan| plan.progress.silent = true),
    Definition::flag("estimated-only", "progress is reported as an estimate", |plan| plan.progress.estimated = true),
    Definition::flag("regress", "progress falls back half-way and rises again", |plan| {
        plan.progress.curve = ProgressCurve::FallsBack;
    }),
    Definition::flag("internal-retry", "the upstream fails half-way and restarts", |plan| {
        plan.progress.curve = ProgressCurve::Restarts;
    }),
];
