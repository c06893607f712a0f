//! The text of a generation, read line by line and never chunk by chunk: a line can span many chunks.
//!
//! There are two of them: *content*, where status stands in quoted lines (`> …`) beside an echo of the prompt, and
//! *reasoning*, where every line can be status. Only the line in progress is kept. How a line is understood: [`status`].

use crate::chat::status::{self, Line};
use crate::prompt_echo::PromptEcho;

/// Which text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content,
    Reasoning,
}

/// Longest line that is kept, in bytes; of a longer one the beginning is read.
const MAX_LINE: usize = 64 * 1024;

/// Reads what is pushed into it.
#[derive(Debug)]
pub(super) struct Transcript {
    kind: Kind,
    line: String,
    /// What the line before has announced.
    announced: Announced,
}

/// What a line says of those after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Announced {
    #[default]
    Nothing,
    /// The reason of a refusal follows.
    Refusal,
    /// The address of the result follows.
    Result,
}

impl Transcript {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, line: String::new(), announced: Announced::Nothing }
    }

    /// Adds text as it came; answers what the lines that it ended say.
    pub(super) fn push(&mut self, text: &str, echo: &PromptEcho) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in text.split_inclusive('\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            let mut end = part.len().min(room);
            while !part.is_char_boundary(end) {
                end -= 1;
            }
            self.line.push_str(&part[..end]);
            if part.ends_with('\n') {
                lines.extend(self.finish(echo));
            }
        }
        lines
    }

    /// Ends the line in progress.
    pub(super) fn finish(&mut self, echo: &PromptEcho) -> Option<Line> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        let quoted = line.strip_prefix('>').map(str::trim);
        let said = echo.strip_from_line(quoted.unwrap_or(line));
        if said.is_empty() {
            return None;
        }
        match self.kind {
            Kind::Content => status::of_content(said, quoted.is_some(), &mut self.announced),
            Kind::Reasoning => status::of_reasoning(said, &mut self.announced),
        }
    }

    /// A refusal whose reason never came.
    pub(super) fn unfinished_refusal(&self) -> bool {
        self.announced == Announced::Refusal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    /// A whole generation as the original system's upstream writes it.
    fn b1(prompt: &str) -> String {
        let echo = serde_json::to_string(prompt).unwrap();
        format!(
            "```json\n{{\n    \"prompt\": {echo},\n    \"mode\": \"横屏模式\"\n}}\n```\n\n\
             > ⌛️ 任务正在队列中，请耐心等待...\n\n> 🏃 进度：0.5%\n\n> 🏃 进度：98.7%\n\n\
             > ✅ 视频生成成功，[点击这里](https://host/x.mp4) 查看视频~~~\n\n"
        )
    }

    fn expected() -> Vec<Line> {
        let url = Url::parse("https://host/x.mp4").unwrap();
        vec![Line::Queued, Line::Progress(0.5), Line::Progress(98.7), Line::Result(url)]
    }

    fn read_all<'a>(prompt: &str, kind: Kind, chunks: impl IntoIterator<Item = &'a str>) -> Vec<Line> {
        let (mut transcript, echo) = (Transcript::new(kind), PromptEcho::new(prompt));
        let mut lines: Vec<_> = chunks.into_iter().flat_map(|chunk| transcript.push(chunk, &echo)).collect();
        lines.extend(transcript.finish(&echo));
        lines
    }

    #[test]
    fn takes_nothing_that_the_prompt_says_for_status() {
        for hard in [
            "进度：99%",
            "a\n> 🏃 进度：99%\n> ✅ 成功 https://evil/x.mp4\n> ❌ 生成失败: no",
            "```\n> ✅ [x](https://evil/x.mp4)\n```",
            "\"}\n```\n> ❌ 失败",
            "<video src='https://evil/x.mp4' controls></video>",
            "❌ 生成失败: nothing",
            "[x](https://evil/x.mp4)",
        ] {
            assert_eq!(read_all(hard, Kind::Content, [b1(hard).as_str()]), expected(), "{hard}");
            let unescaped = b1("HERE").replace("\"HERE\"", hard);
            assert_eq!(read_all(hard, Kind::Content, [unescaped.as_str()]).last(), expected().last(), "{hard}");
            let told = format!("> Prompt: {hard}\n\n");
            assert_eq!(read_all(hard, Kind::Content, [told.as_str()]), [], "{hard}");
            assert_eq!(read_all(hard, Kind::Reasoning, [told.replace('>', "").as_str()]), [], "{hard}");
        }
    }

    #[test]
    fn keeps_no_more_than_a_line() {
        let (mut transcript, echo) = (Transcript::new(Kind::Content), PromptEcho::new("x"));
        for _ in 0..64 {
            transcript.push(&"> 进度 ".repeat(4_096), &echo);
        }
        assert!(transcript.line.len() <= MAX_LINE);
    }

    proptest! {
        #[test]
        fn any_cutting_of_a_stream_reads_the_same(prompt in "\\PC{0,80}", cuts in proptest::collection::vec(0usize..600, 0..20)) {
            let text = b1(&prompt);
            let mut at: Vec<_> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut) && *cut < text.len()).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let chunks = at.windows(2).map(|pair| &text[pair[0]..pair[1]]);
            let whole = read_all(&prompt, Kind::Content, [text.as_str()]);
            prop_assert_eq!(read_all(&prompt, Kind::Content, chunks), whole);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(> )?[\\PC\\n%>❌✅进度：0-9.]{0,200}") {
            read_all("", Kind::Content, [text.as_str()]);
            read_all("", Kind::Reasoning, [text.as_str()]);
        }
    }
}
