//! What a run tells: a line a seed, what is wrong with those that failed, and the sum of all.

use std::path::Path;

use crate::plan::Plan;
use crate::recovery::{Recovery, percentile};
use crate::run::SeedResult;

/// Violations of one seed that are printed; the rest is in its log.
const MAX_PRINTED: usize = 20;

/// The sum of all seeds so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: Vec<u64>,
    jobs: [usize; 4],
    faults: usize,
    asked: [u64; 2],
    recovery: Recovery,
    buried: usize,
}

impl Report {
    /// Adds a seed and prints its line.
    pub(crate) fn add(&mut self, plan: &Plan, result: &SeedResult) {
        let passed = result.violations.is_empty();
        let line = summary(&result.jobs, result.faults, result.asked, &result.recovery);
        let outcome = if passed { "passed" } else { "FAILED" };
        println!("seed {}: {line}; {:.1} s; {outcome}", plan.seed, result.took.as_secs_f64());
        if passed {
            self.passed += 1;
        } else {
            self.failed.push(plan.seed);
        }
        self.jobs.iter_mut().zip(result.jobs).for_each(|(sum, more)| *sum += more);
        self.asked.iter_mut().zip(result.asked).for_each(|(sum, more)| *sum += more);
        self.faults += result.faults;
        self.buried += result.buried;
        self.recovery.extend(&result.recovery);
    }

    /// Prints the sum; whether all have passed.
    pub(crate) fn print_total(&self) -> bool {
        println!("in all: {}", summary(&self.jobs, self.faults, self.asked, &self.recovery));
        let resumed = &self.recovery.resumed;
        println!(
            "{} jobs lost their processor; in hand again, or ended, after p50 {} s, p99 {} s",
            self.recovery.changed.len(),
            percentile(resumed, 50),
            percentile(resumed, 99)
        );
        println!("{} times a processor woke to find itself buried", self.buried);
        if !self.failed.is_empty() {
            let seeds: Vec<String> = self.failed.iter().map(u64::to_string).collect();
            println!("failed seeds: {}", seeds.join(","));
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        self.failed.is_empty()
    }
}

fn summary(jobs: &[usize; 4], faults: usize, asked: [u64; 2], recovery: &Recovery) -> String {
    let [all, completed, failed, cancelled] = jobs;
    let [requests, submissions] = asked;
    format!(
        "{all} jobs, {completed} completed, {failed} failed, {cancelled} cancelled; {faults} faults; \
         {submissions}/{requests} submissions/requests; recovery p50 {} s, p99 {} s",
        percentile(&recovery.changed, 50),
        percentile(&recovery.changed, 99)
    )
}

/// The result on a run that could not be carried out.
pub(crate) fn run_failed(error: &anyhow::Error) -> SeedResult {
    SeedResult { violations: vec![format!("the run broke down: {error:#}")], ..SeedResult::default() }
}

/// Copies a failed seed's logs and tables.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn copy_logs(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Prints what is wrong with a seed, and where its logs are.
pub(crate) fn print_violations(result: &SeedResult, kept: &Path) {
    for wrong in result.violations.iter().take(MAX_PRINTED) {
        println!("  {wrong}");
    }
    if result.violations.len() > MAX_PRINTED {
        println!("  … and {} more", result.violations.len() - MAX_PRINTED);
    }
    println!("  logs: {}", kept.display());
}
