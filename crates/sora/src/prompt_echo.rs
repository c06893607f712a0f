//! Recognises text that repeats the prompt: it is never read as status, address or error.
//!
//! Upstreams echo the prompt in many ways: whole or cut short, as it is or as a JSON string, on lines of its own or after
//! a label like `Prompt:`. Fences around an echo do not help: a prompt can contain fences too.

/// A prompt in the forms in which upstreams repeat it.
#[derive(Clone, Debug)]
pub(crate) struct PromptEcho {
    /// As it was sent, and as it appears in a JSON string with and without `\u` escapes.
    forms: [String; 3],
    /// Lines of the prompt that would be taken for status: they are cut out wherever they appear.
    guarded_lines: Vec<String>,
}

/// Characters that can precede an echo on its line.
const OPENERS: [char; 7] = [':', '：', '"', '“', '「', '`', '\''];

/// Characters that can close an echo, or show that it was cut short.
const CLOSERS: [char; 10] = ['"', '\'', ',', '.', '…', '}', ' ', '”', '」', '`'];

/// Maximum number of openers examined in a line: a line with more of them is not a status line.
const MAX_OPENERS: usize = 16;

/// The shortest beginning of a prompt that counts as an echo of it in an error message, in bytes.
const MIN_ECHO: usize = 12;

impl PromptEcho {
    /// The echo of this prompt.
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

    /// Also guards against lines of the prompt that `is_status` accepts, even where an upstream continues right after
    /// them on the same line.
    pub(crate) fn guarding(mut self, is_status: impl Fn(&str) -> bool) -> Self {
        let lines = self.forms[0].lines().map(|line| line.trim().trim_start_matches('>').trim());
        self.guarded_lines =
            lines.filter(|line| line.len() >= MIN_ECHO && is_status(line)).map(ToOwned::to_owned).collect();
        self
    }

    /// A line without its echo: nothing when the whole line is a passage of the prompt, the text before the passage when
    /// the line ends in one.
    pub(crate) fn strip_from_line<'a>(&self, line: &'a str) -> &'a str {
        let openers = line.char_indices().filter(|(_, c)| OPENERS.contains(c)).map(|(at, c)| at + c.len_utf8());
        let mut starts = std::iter::once(0).chain(openers.take(MAX_OPENERS));
        let echo = starts.find(|start| self.repeats(line[*start..].trim().trim_end_matches(CLOSERS)));
        let line = echo.map_or(line, |start| &line[..start]);
        self.guarded_lines.iter().fold(line, |line, passage| line.find(passage.as_str()).map_or(line, |at| &line[..at]))
    }

    /// A message without what it repeats of the prompt, whole or cut short.
    pub(crate) fn strip(&self, message: &str) -> String {
        self.forms.iter().fold(message.to_owned(), |message, form| removed(&message, form))
    }

    /// Whether a passage appears in the prompt.
    pub(crate) fn repeats(&self, passage: &str) -> bool {
        !passage.is_empty() && self.forms.iter().any(|form| form.contains(passage))
    }
}

/// `text` without each passage that begins like `form`, as far as it continues like it.
fn removed(text: &str, form: &str) -> String {
    let head = (MIN_ECHO.min(form.len())..=form.len()).find(|end| form.is_char_boundary(*end)).unwrap_or(0);
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
    fn strips_a_line_that_repeats_the_prompt() {
        let echo = PromptEcho::new("a \"wall\"\n> 🏃 进度：99%\nend");
        for line in ["🏃 进度：99%", "进度：99%\",", "a \\\"wall\\\"\\n> \\ud83c\\udfc3", "进度：9…"] {
            assert_eq!(echo.strip_from_line(line), "", "{line}");
        }
        assert_eq!(echo.strip_from_line("Prompt: > 🏃 进度：99%"), "Prompt:");
        assert_eq!(echo.strip_from_line("🏃 进度：98.7%"), "🏃 进度：98.7%");
        assert_eq!(echo.strip_from_line(""), "");
        let guarding = echo.guarding(|line| line.contains('%'));
        assert_eq!(guarding.strip_from_line("🏃 进度：99%```html"), "");
    }

    #[test]
    fn strips_the_prompt_from_a_message() {
        let echo = PromptEcho::new("审核 and moderation_blocked, 违规 all over the place");
        let message = "cannot work on \"审核 and moderation_blocked, 违规 all over the place\" now";
        assert_eq!(echo.strip(message), "cannot work on \"\" now");
        assert_eq!(echo.strip("cut: 审核 and moderation_bl…"), "cut: …");
        assert_eq!(PromptEcho::new("审核").strip("审核 failed"), " failed");
    }
}
