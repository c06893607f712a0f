//! The end of what an upstream sent, kept for administrators when an attempt ends without a video.

/// How much is kept, in bytes.
const MAX_EVIDENCE: usize = 4 * 1024;

/// The last part of what an upstream has sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence(String);

impl Evidence {
    /// Adds a piece of an answer.
    pub(crate) fn push(&mut self, text: &str) {
        self.0.push_str(tail(text));
        if self.0.len() > 2 * MAX_EVIDENCE {
            self.0 = tail(&self.0).to_owned();
        }
    }

    /// Adds a whole answer on a line of its own, unless it repeats the last one.
    pub(crate) fn push_answer(&mut self, text: &str) {
        let text = tail(text.trim());
        if !self.0.trim_end().ends_with(text) {
            self.push(text);
            self.0.push('\n');
        }
    }

    /// The last 4 KiB; `None` when nothing was sent.
    pub(crate) fn text(&self) -> Option<String> {
        let text = tail(&self.0).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// At most the last [`MAX_EVIDENCE`] bytes, from a character's start.
fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(MAX_EVIDENCE);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_within_its_limit() {
        let mut evidence = Evidence::default();
        assert_eq!(evidence.text(), None);
        for _ in 0..10_000 {
            evidence.push("进度…");
        }
        evidence.push("end");
        let text = evidence.text().unwrap();
        assert!(text.len() <= MAX_EVIDENCE && text.len() > MAX_EVIDENCE - 4 && text.ends_with("end"));
        assert!(evidence.0.len() <= 2 * MAX_EVIDENCE);
    }

    #[test]
    fn keeps_a_repeated_answer_once() {
        let mut evidence = Evidence::default();
        for answer in ["{\"a\":1}", "{\"a\":1}", "{\"b\":2}"] {
            evidence.push_answer(answer);
        }
        assert_eq!(evidence.text().unwrap(), "{\"a\":1}\n{\"b\":2}");
    }
}
