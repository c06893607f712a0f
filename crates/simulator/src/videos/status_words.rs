//! The words for a status: those of the specification, those that are found in the wild, and one that nobody knows.

use super::generation_state::{Phase, Standing};
use crate::plan::StatusWords;
use crate::videos::generations::Job;

const QUEUED: &[&str] = &["pending", "SUBMITTED", "NOT_START", "Preparing", "created", " starting"];
const RUNNING: &[&str] = &["processing", "Running", "GENERATING"];
const COMPLETED: &[&str] = &["complete", "success", "SUCCEEDED", " Finished "];
const FAILED: &[&str] = &["failure", "Fail", "ERROR", "cancelled", "canceled"];
/// The word that nobody knows.
const UNHEARD: &str = "denoising";

/// The word for where a generation stands: with synonyms another one at each step and for each prompt, the same one for
/// the same step of the same prompt.
pub(super) fn status(job: &Job, standing: Standing) -> &'static str {
    let synonyms = job.plan.jobs.words == StatusWords::Synonyms;
    let pick = |proper: &'static str, words: &'static [&'static str]| {
        let index = job.video.origin().prompt.wrapping_add(u64::from(standing.ticks)) % words.len() as u64;
        if synonyms { words[usize::try_from(index).unwrap_or(0)] } else { proper }
    };
    match standing.phase {
        Phase::Running if job.plan.jobs.words == StatusWords::Unheard => UNHEARD,
        Phase::Queued => pick("queued", QUEUED),
        Phase::Running => pick("in_progress", RUNNING),
        Phase::Completed | Phase::CompletedWithoutContent => pick("completed", COMPLETED),
        Phase::Expired => "expired",
        Phase::Failed(_) | Phase::Errored(_) | Phase::Lost | Phase::Torn(_) => pick("failed", FAILED),
    }
}
