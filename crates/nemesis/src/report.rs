//! What a run tells: a line a seed, what is wrong with those that failed, and the sum of all.

use std::path::Path;

use crate::plan::Plan;
use crate::recovery::{Recovery, percentile};
use crate::run::Verdict;

/// Violations of one seed that are printed; the rest is in its log.
const PRINTED: usize = 20;

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
    pub(crate) fn add(&mut self, plan: &Plan, verdict: &Verdict) {
        let passed = verdict.wrong.is_empty();
        let line = sums(&verdict.jobs, verdict.faults, verdict.asked, &verdict.recovery);
        let outcome = if passed { "passed" } else { "FAILED" };
        println!("seed {}: {line}; {:.1} s; {outcome}", plan.seed, verdict.took.as_secs_f64());
        if passed {
            self.passed += 1;
        } else {
            self.failed.push(plan.seed);
        }
        self.jobs.iter_mut().zip(verdict.jobs).for_each(|(sum, more)| *sum += more);
        self.asked.iter_mut().zip(verdict.asked).for_each(|(sum, more)| *sum += more);
        self.faults += verdict.faults;
        self.buried += verdict.buried;
        self.recovery.extend(&verdict.recovery);
    }

    /// Prints the sum; whether all have passed.
    pub(crate) fn close(&self) -> bool {
        println!("in all: {}", sums(&self.jobs, self.faults, self.asked, &self.recovery));
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

fn sums(jobs: &[usize; 4], faults: usize, asked: [u64; 2], recovery: &Recovery) -> String {
    let [all, completed, failed, cancelled] = jobs;
    let [requests, submissions] = asked;
    format!(
        "{all} jobs, {completed} completed, {failed} failed, {cancelled} cancelled; {faults} faults; \
         {submissions}/{requests} submissions/requests; recovery p50 {} s, p99 {} s",
        percentile(&recovery.changed, 50),
        percentile(&recovery.changed, 99)
    )
}

/// The verdict on a run that could not be carried out.
pub(crate) fn broken(error: &anyhow::Error) -> Verdict {
    Verdict { wrong: vec![format!("the run broke down: {error:#}")], ..Verdict::default() }
}

/// Copies a failed seed's logs and tables.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
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
pub(crate) fn tell(verdict: &Verdict, kept: &Path) {
    for wrong in verdict.wrong.iter().take(PRINTED) {
        println!("  {wrong}");
    }
    if verdict.wrong.len() > PRINTED {
        println!("  … and {} more", verdict.wrong.len() - PRINTED);
    }
    println!("  logs: {}", kept.display());
}
