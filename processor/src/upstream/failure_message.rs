//! What a job's owner is told about its failure: what happened, and whether trying again can help. Pure.
//!
//! Whether it may have been charged stands beside it as a field of its own. The upstream's raw words are for
//! administrators; only the reason of a refusal is passed on.

use sora::{Failure, Outcome};

/// Longest reason that is passed on, in characters.
const MAX_REASON: usize = 500;

/// The sentences for `failure`.
pub(crate) fn for_owner(failure: &Failure) -> String {
    let message = match failure.outcome {
        Outcome::Refused => return refused(failure.reason.as_deref()),
        Outcome::Invalid => "The video service could not work with this request. Change the prompt or the settings.",
        Outcome::UpstreamGone => {
            "The video service no longer offers this model. An administrator has to choose another."
        }
        Outcome::Unauthorised => {
            "The video service does not accept this platform's key. An administrator has to look at it."
        }
        Outcome::Busy => "The video service stayed too busy to take the request. Try again later.",
        Outcome::Transient => "The video service could not be reached or failed before it began. Try again later.",
        Outcome::Interrupted => "The video service broke off before the video was finished.",
        Outcome::Unknown => "It is not known what became of the request at the video service.",
        Outcome::Unreadable => {
            "The video service answered in a format that this platform cannot read. An administrator has to look at it."
        }
        Outcome::Stalled => "The video service stopped making progress.",
        Outcome::TimedOut => "The video service took too long.",
        Outcome::Lost => "The video service has lost the video that it was working on.",
        Outcome::UpstreamChanged => {
            "The video was being made by a service that this platform no longer uses. Trying again starts anew."
        }
        Outcome::Unfetchable => "The video was made, but could not be downloaded.",
    };
    message.to_owned()
}

fn refused(reason: Option<&str>) -> String {
    let reason: String = reason.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
    match reason.trim() {
        "" => "The video service refused this prompt.".to_owned(),
        reason => format!("The video service refused this prompt: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_the_reason_of_a_refusal_and_no_other_raw_words() {
        let refused = Failure { reason: Some("violence\u{7}".into()), ..Failure::new(Outcome::Refused, "raw") };
        assert_eq!(for_owner(&refused), "The video service refused this prompt: violence");
        assert!(!for_owner(&Failure::new(Outcome::Unknown, "id task_42 at https://secret")).contains("42"));
    }
}
