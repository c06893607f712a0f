//! The report: one line per seed, the violations of failed seeds, and a total.

use std::path::Path;

use crate::plan::Plan;
use crate::recovery::{Recovery, percentile};
use crate::run::SeedResult;

/// Maximum number of violations printed per seed; the run's log has all of them.
const MAX_PRINTED: usize = 20;

/// Totals over all seeds so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: Vec<u64>,
    jobs: [usize; 4],
    faults: usize,
    requests: [u64; 2],
    recovery: Recovery,
    leases_lost: usize,
}

impl Report {
    /// Adds a seed and prints its line.
    pub(crate) fn add(&mut self, plan: &Plan, result: &SeedResult) {
        let passed = result.violations.is_empty();
        let line = summary(&result.jobs, result.faults, result.requests, &result.recovery);
        let verdict = if passed { "passed" } else { "FAILED" };
        println!("seed {}: {line}; {:.1} s; {verdict}", plan.seed, result.duration.as_secs_f64());
        if passed {
            self.passed += 1;
        } else {
            self.failed.push(plan.seed);
        }
        self.jobs.iter_mut().zip(result.jobs).for_each(|(sum, more)| *sum += more);
        self.requests.iter_mut().zip(result.requests).for_each(|(sum, more)| *sum += more);
        self.faults += result.faults;
        self.leases_lost += result.leases_lost;
        self.recovery.extend(&result.recovery);
    }

    /// Prints the total and returns whether every seed passed.
    pub(crate) fn print_total(&self) -> bool {
        println!("total: {}", summary(&self.jobs, self.faults, self.requests, &self.recovery));
        let resumed = &self.recovery.resumed;
        println!(
            "{} jobs lost their processor; claimed again or ended after p50 {} s, p99 {} s",
            self.recovery.changed.len(),
            percentile(resumed, 50),
            percentile(resumed, 99)
        );
        println!("{} times a running processor had lost its lease and continued as a new worker", self.leases_lost);
        if !self.failed.is_empty() {
            let seeds: Vec<String> = self.failed.iter().map(u64::to_string).collect();
            println!("failed seeds: {}", seeds.join(","));
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        self.failed.is_empty()
    }
}

fn summary(jobs: &[usize; 4], faults: usize, requests: [u64; 2], recovery: &Recovery) -> String {
    let [all, completed, failed, cancelled] = jobs;
    let [requests, submissions] = requests;
    format!(
        "{all} jobs, {completed} completed, {failed} failed, {cancelled} cancelled; {faults} faults; \
         {submissions}/{requests} submissions/requests; recovery p50 {} s, p99 {} s",
        percentile(&recovery.changed, 50),
        percentile(&recovery.changed, 99)
    )
}

/// The result of a run that could not be carried out.
pub(crate) fn run_failed(error: &anyhow::Error) -> SeedResult {
    SeedResult { violations: vec![format!("the run could not be carried out: {error:#}")], ..SeedResult::default() }
}

/// Copies the logs and tables of a seed.
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

/// Prints the violations of a seed and where its logs are.
pub(crate) fn print_violations(result: &SeedResult, kept: &Path) {
    for violation in result.violations.iter().take(MAX_PRINTED) {
        println!("  {violation}");
    }
    if result.violations.len() > MAX_PRINTED {
        println!("  … and {} more", result.violations.len() - MAX_PRINTED);
    }
    println!("  logs: {}", kept.display());
}
