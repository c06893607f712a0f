//! Telling the user's own words from the upstream's: what repeats the prompt is never status, address or error class.
//!
//! Upstreams echo the prompt in many ways: whole or cut short, as it is or as a JSON string, on lines of its own or behind
//! a word like `Prompt:`. Fences around an echo are no help: a prompt can hold fences too.

/// A prompt in the forms in which it comes back.
#[derive(Clone, Debug)]
pub(crate) struct PromptEcho {
    /// As it was sent, and as it stands in a JSON string with and without `\u` escapes.
    forms: [String; 3],
    /// Lines of the prompt that would be taken for status: they are cut out wherever they stand.
    guarded_lines: Vec<String>,
}

/// What can stand before an echo on its line.
const OPENERS: [char; 7] = [':', '：', '"', '“', '「', '`', '\''];

/// What can close an echo, or show that it was cut short.
const CLOSERS: [char; 10] = ['"', '\'', ',', '.', '…', '}', ' ', '”', '」', '`'];

/// Openers that are looked at in one line: what comes behind more of them is no status line.
const MOST_OPENERS: usize = 16;

/// The shortest beginning of a prompt that counts as an echo of it in an error message, in bytes.
const SHORTEST: usize = 12;

impl PromptEcho {
    /// Of this prompt.
    pub(crate) fn new(prompt: &str) -> Self {
        let quoted = serde_json::Value::from(prompt).to_string();
        let plain = quoted.trim_matches('"').to_owned();
        let escaped = plain.chars().fold(String::new(), |mut text, c| {
            if c.is_ascii() {
                text.push(c);
            } else {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
            text
        });
        Self { forms: [prompt.to_owned(), plain, escaped], guarded_lines: Vec::new() }
    }

    /// The same, wary of those lines of the prompt that say something to `reader`: an upstream may write on right behind
    /// them.
    pub(crate) fn guarding(mut self, reader: impl Fn(&str) -> bool) -> Self {
        let lines = self.forms[0].lines().map(|line| line.trim().trim_start_matches('>').trim());
        self.guarded_lines =
            lines.filter(|line| line.len() >= SHORTEST && reader(line)).map(ToOwned::to_owned).collect();
        self
    }

    /// What a line says beside the prompt: nothing when all of it is a passage of the prompt, what stands before such a
    /// passage when it ends in one.
    pub(crate) fn strip_from_line<'a>(&self, line: &'a str) -> &'a str {
        let openers = line.char_indices().filter(|(_, c)| OPENERS.contains(c)).map(|(at, c)| at + c.len_utf8());
        let mut starts = std::iter::once(0).chain(openers.take(MOST_OPENERS));
        let echo = starts.find(|start| self.holds(line[*start..].trim().trim_end_matches(CLOSERS)));
        let line = echo.map_or(line, |start| &line[..start]);
        self.guarded_lines.iter().fold(line, |line, passage| line.find(passage.as_str()).map_or(line, |at| &line[..at]))
    }

    /// A message without what it repeats of the prompt, whole or cut short.
    pub(crate) fn strip(&self, message: &str) -> String {
        self.forms.iter().fold(message.to_owned(), |message, form| removed(&message, form))
    }

    fn holds(&self, passage: &str) -> bool {
        !passage.is_empty() && self.forms.iter().any(|form| form.contains(passage))
    }
}

/// `text` without each passage that begins like `form`, as far as it goes on like it.
fn removed(text: &str, form: &str) -> String {
    let head = (SHORTEST.min(form.len())..=form.len()).find(|end| form.is_char_boundary(*end)).unwrap_or(0);
    if head == 0 {
        return text.to_owned();
    }
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(&form[..head]) {
        kept.push_str(&rest[..at]);
        let same = rest[at..].chars().zip(form.chars()).take_while(|(a, b)| a == b);
        rest = &rest[at + same.map(|(c, _)| c.len_utf8()).sum::<usize>()..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_repeats_the_prompt_says_nothing() {
        let echo = PromptEcho::new("a \"wall\"\n> 🏃 进度：99%\nend");
        for line in ["🏃 进度：99%", "进度：99%\",", "a \\\"wall\\\"\\n> \\ud83c\\udfc3", "进度：9…"] {
            assert_eq!(echo.strip_from_line(line), "", "{line}");
        }
        assert_eq!(echo.strip_from_line("Prompt: > 🏃 进度：99%"), "Prompt:");
        assert_eq!(echo.strip_from_line("🏃 进度：98.7%"), "🏃 进度：98.7%");
        assert_eq!(echo.strip_from_line(""), "");
        let wary = echo.guarding(|line| line.contains('%'));
        assert_eq!(wary.strip_from_line("🏃 进度：99%```html"), "");
    }

    #[test]
    fn a_message_is_judged_without_the_prompt_in_it() {
        let echo = PromptEcho::new("审核 and moderation_blocked, 违规 all over the place");
        let message = "cannot work on \"审核 and moderation_blocked, 违规 all over the place\" now";
        assert_eq!(echo.strip(message), "cannot work on \"\" now");
        assert_eq!(echo.strip("cut: 审核 and moderation_bl…"), "cut: …");
        assert_eq!(PromptEcho::new("审核").strip("审核 failed"), " failed");
    }
}
