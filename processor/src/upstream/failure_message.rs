//! The message a job's owner sees about its failure: what happened, and whether a retry can help. Pure.
//!
//! Whether it may have been charged is a field of its own beside the message. The upstream's raw messages are for
//! administrators; only the reason of a refusal is passed on.

use sora::{Failure, Outcome};

/// Maximum length of a reason that is passed on, in characters.
const MAX_REASON: usize = 500;

/// The message about `failure` for the job's owner.
pub(crate) fn for_owner(failure: &Failure) -> String {
    let message = match failure.outcome {
        Outcome::Refused => return refused(failure.reason.as_deref()),
        Outcome::Invalid => "The video service could not process this request. Change the prompt or the settings.",
        Outcome::UpstreamGone => {
            "The video service no longer offers this model. An administrator has to choose another."
        }
        Outcome::Unauthorised => {
            "The video service does not accept this platform's key. An administrator has to check it."
        }
        Outcome::Busy => "The video service was too busy to accept the request. Try again later.",
        Outcome::Transient => "The video service could not be reached, or failed before it started. Try again later.",
        Outcome::Interrupted => "The video service stopped before the video was finished.",
        Outcome::Unknown => "We could not confirm what happened to this request at the video service.",
        Outcome::Unreadable => {
            "The video service answered in a format that this platform cannot read. An administrator has to check it."
        }
        Outcome::Stalled => "The video service stopped making progress.",
        Outcome::TimedOut => "The video service took too long.",
        Outcome::Lost => "The video service lost the video it was working on.",
        Outcome::UpstreamChanged => {
            "The video was started at a service that this platform no longer uses. A retry starts from the beginning."
        }
        Outcome::Unfetchable => "The video was made, but could not be downloaded.",
    };
    message.to_owned()
}

fn refused(reason: Option<&str>) -> String {
    let shown = |c: &char| !c.is_control() && !is_directional(*c);
    let reason: String = reason.unwrap_or_default().chars().filter(shown).collect();
    let reason: String = without_links(&reason).chars().take(MAX_REASON).collect();
    match reason.trim() {
        "" => "The video service refused this prompt.".to_owned(),
        reason => format!("The video service refused this prompt: {reason}"),
    }
}

/// Whether a character changes the direction of those around it, or is invisible.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Replaces addresses: a reason explains, and does not send people elsewhere.
fn without_links(reason: &str) -> String {
    let is_link = |word: &str| word.contains("://") || word.to_lowercase().contains("www.");
    let words = reason.split_inclusive(char::is_whitespace);
    words.map(|word| if is_link(word) { word.replace(word.trim_end(), "[link]") } else { word.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_the_reason_of_a_refusal_and_no_other_raw_text() {
        let refused = Failure { reason: Some("violence\u{7}".into()), ..Failure::new(Outcome::Refused, "raw") };
        assert_eq!(for_owner(&refused), "The video service refused this prompt: violence");
        let hostile = "pay\u{202e} here: [now](https://evil.example/x) or WWW.evil.example or stop\u{200b}";
        let refused = Failure { reason: Some(hostile.into()), ..Failure::new(Outcome::Refused, "raw") };
        let shown = "The video service refused this prompt: pay here: [link] or [link] or stop";
        assert_eq!(for_owner(&refused), shown);
        assert!(!for_owner(&Failure::new(Outcome::Unknown, "id task_42 at https://secret")).contains("42"));
    }
}
