//! The words for a status: those of the specification, those of other servers, and an unknown one.

use super::generation_state::{GenerationState, Phase};
use super::generations::Generation;
use crate::plan::videos::StatusStyle;

const QUEUED: &[&str] = &["pending", "SUBMITTED", "NOT_START", "Preparing", "created", " starting"];
const RUNNING: &[&str] = &["processing", "Running", "GENERATING"];
const COMPLETED: &[&str] = &["complete", "success", "SUCCEEDED", " Finished "];
const FAILED: &[&str] = &["failure", "Fail", "ERROR", "cancelled", "canceled"];
/// A word outside of every specification.
const UNKNOWN: &str = "denoising";

/// The word for a generation's state. Synonyms vary by step and prompt; the same step of the same prompt always gets the
/// same word.
pub(super) fn status_word(generation: &Generation, state: GenerationState) -> &'static str {
    if let (true, Some(word)) = (state.is_final(), generation.plan.videos.final_status) {
        return word;
    }
    let synonyms = generation.plan.videos.status_style == StatusStyle::Synonyms;
    let pick = |standard: &'static str, words: &'static [&'static str]| {
        let index = generation.video.stats_key().prompt.wrapping_add(u64::from(state.ticks)) % words.len() as u64;
        if synonyms { words[usize::try_from(index).unwrap_or(0)] } else { standard }
    };
    match state.phase {
        Phase::Running if generation.plan.videos.status_style == StatusStyle::Unknown => UNKNOWN,
        Phase::Queued => pick("queued", QUEUED),
        Phase::Running => pick("in_progress", RUNNING),
        Phase::Completed | Phase::CompletedWithoutContent => pick("completed", COMPLETED),
        Phase::Expired => "expired",
        Phase::Failed(_) | Phase::Errored(_) | Phase::IdForgotten | Phase::Disconnected(_) => pick("failed", FAILED),
    }
}
