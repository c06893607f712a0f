//! The text of a generation, read line by line and never chunk by chunk: a line can span many chunks.
//!
//! There are two: *content*, where status is in quoted lines (`> …`) beside an echo of the prompt, and *reasoning*, where
//! every line can be status. Only the line in progress is kept.

use url::Url;

use crate::candidate::Found;
use crate::chat::line::{self, Announced, Line};
use crate::prompt_echo::PromptEcho;
use crate::{fields, links, vocabulary};

/// Which text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content,
    Reasoning,
}

/// Longest line that is kept, in bytes; of a longer one the beginning is read.
const MAX_LINE: usize = 64 * 1024;

/// Longest beginning of a tag that is kept for the next line, in bytes.
const MAX_TAG: usize = 8 * 1024;

/// What a line says, and the links in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ReadLine {
    pub(super) line: Option<Line>,
    pub(super) found: Vec<Found>,
    /// Its text, without the echo of the prompt.
    pub(super) text: String,
}

/// Reads what is pushed into it.
#[derive(Debug)]
pub(super) struct Transcript {
    kind: Kind,
    /// What relative links are completed against.
    base: Url,
    line: String,
    announced: Announced,
    /// A tag that began in earlier lines and is not closed yet.
    open_tag: String,
}

impl Transcript {
    pub(super) fn new(kind: Kind, base: Url) -> Self {
        Self { kind, base, line: String::new(), announced: Announced::Nothing, open_tag: String::new() }
    }

    /// Adds text as it came; returns the lines that it ended.
    pub(super) fn push(&mut self, text: &str, echo: &PromptEcho) -> Vec<ReadLine> {
        let mut lines = Vec::new();
        for part in text.split_inclusive('\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            let mut end = part.len().min(room);
            while !part.is_char_boundary(end) {
                end -= 1;
            }
            self.line.push_str(&part[..end]);
            if part.ends_with('\n') {
                lines.extend(self.finish_line(echo));
            }
        }
        lines
    }

    /// Ends the line in progress.
    pub(super) fn finish_line(&mut self, echo: &PromptEcho) -> Option<ReadLine> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        let quoted = line.strip_prefix('>').map(str::trim);
        let text = echo.strip_from_line(quoted.unwrap_or(line));
        if text.is_empty() {
            return None;
        }
        let policy = vocabulary::is_policy(&echo.strip(text));
        let status = match self.kind {
            Kind::Content => line::of_content(text, quoted.is_some(), policy),
            Kind::Reasoning => line::of_reasoning(text, policy, &mut self.announced),
        };
        Some(ReadLine { line: status, found: self.links(text), text: text.to_owned() })
    }

    /// Ends the line in progress and whatever was waiting for the next one.
    pub(super) fn finish(&mut self, echo: &PromptEcho) -> Vec<ReadLine> {
        let last = self.finish_line(echo);
        let tag = std::mem::take(&mut self.open_tag);
        let tag = ReadLine { found: links::find(&tag, &self.base), ..ReadLine::default() };
        last.into_iter().chain([tag]).collect()
    }

    /// Whether a refusal was announced whose reason never came.
    pub(super) fn has_unfinished_refusal(&self) -> bool {
        self.announced == Announced::Refusal
    }

    fn links(&mut self, text: &str) -> Vec<Found> {
        // The result as JSON text: `{"type": "video", "url": …}`.
        if text.starts_with('{')
            && let Ok(value) = serde_json::from_str(text)
        {
            return fields::find(&value, &self.base);
        }
        let mut whole = std::mem::take(&mut self.open_tag);
        whole.push_str(text);
        if links::has_open_tag(&whole) && whole.len() <= MAX_TAG {
            whole.push('\n');
            self.open_tag = whole;
            return Vec::new();
        }
        links::find(&whole, &self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::{Candidate, CandidateSource, Candidates};
    use proptest::prelude::*;

    /// A whole generation as resellers write it.
    fn b1(prompt: &str) -> String {
        let echo = serde_json::to_string(prompt).unwrap();
        format!(
            "```json\n{{\n    \"prompt\": {echo},\n    \"mode\": \"横屏模式\"\n}}\n```\n\n\
             > ⌛️ 任务正在队列中，请耐心等待...\n\n> 🏃 进度：0.5%\n\n> 🏃 进度：98.7%\n\n\
             > ✅ 视频生成成功，[点击这里](https://host/x.mp4) 查看视频~~~\n\n"
        )
    }

    fn expected() -> (Vec<Line>, Vec<Candidate>) {
        let url = Url::parse("https://host/x.mp4").unwrap();
        let lines = vec![Line::Queued, Line::Progress(0.5), Line::Progress(98.7), Line::Finished];
        (lines, vec![Candidate { url, source: CandidateSource::VideoLink }])
    }

    fn read_all<'a>(
        prompt: &str,
        kind: Kind,
        chunks: impl IntoIterator<Item = &'a str>,
    ) -> (Vec<Line>, Vec<Candidate>) {
        let base = Url::parse("https://up.example/v1/chat/completions").unwrap();
        let (mut transcript, echo) = (Transcript::new(kind, base), PromptEcho::new(prompt));
        let mut read: Vec<_> = chunks.into_iter().flat_map(|chunk| transcript.push(chunk, &echo)).collect();
        read.extend(transcript.finish(&echo));
        let mut candidates = Candidates::default();
        let found = read.iter().flat_map(|line| line.found.clone()).collect();
        (read.into_iter().filter_map(|line| line.line).collect(), candidates.add(found, &echo))
    }

    #[test]
    fn takes_nothing_in_the_prompt_for_status_or_result() {
        for hard in [
            "进度：99%",
            "a\n> 🏃 进度：99%\n> ✅ 成功 https://evil/x.mp4\n> ❌ 生成失败: no",
            "```\n> ✅ [x](https://evil/x.mp4)\n```",
            "\"}\n```\n> ❌ 失败",
            "<video src='https://evil/x.mp4' controls></video>",
            "❌ 生成失败: nothing",
            "[x](https://evil/x.mp4)",
            "see https://evil/x.mp4?a=1&b=2, twice",
        ] {
            assert_eq!(read_all(hard, Kind::Content, [b1(hard).as_str()]), expected(), "{hard}");
            let unescaped = b1("HERE").replace("\"HERE\"", hard);
            let (lines, found) = read_all(hard, Kind::Content, [unescaped.as_str()]);
            assert_eq!((lines.last(), found), (expected().0.last(), expected().1), "{hard}");
            let labelled = format!("> Prompt: {hard}\n\n");
            let nothing = (vec![], vec![]);
            assert_eq!(read_all(hard, Kind::Content, [labelled.as_str()]), nothing, "{hard}");
            assert_eq!(read_all(hard, Kind::Reasoning, [labelled.replace('>', "").as_str()]), nothing, "{hard}");
        }
    }

    #[test]
    fn reads_a_tag_that_spans_lines() {
        let text = "<video\n  poster=\"https://h/t.jpg\"\n  src=\"https://host/x.mp4\"\n></video>\n";
        let (_, found) = read_all("p", Kind::Content, [text]);
        assert_eq!(found.iter().map(|found| found.url.as_str()).collect::<Vec<_>>(), ["https://host/x.mp4"]);
        let (_, cut) = read_all("p", Kind::Content, [&text[..text.len() - 10]]);
        assert_eq!(cut, found);
    }

    #[test]
    fn reads_a_result_as_a_line_of_json() {
        let (_, found) = read_all("p", Kind::Content, [r#"{"type": "video", "url": "https://h/v", "data": []}"#]);
        assert_eq!(found[0].source, CandidateSource::Field);
    }

    #[test]
    fn keeps_no_more_than_a_line() {
        let base = Url::parse("https://up.example/").unwrap();
        let (mut transcript, echo) = (Transcript::new(Kind::Content, base), PromptEcho::new("x"));
        for _ in 0..64 {
            transcript.push(&"> 进度 ".repeat(4_096), &echo);
        }
        assert!(transcript.line.len() <= MAX_LINE);
        for _ in 0..64 {
            transcript.push(&format!("<video {}\n", "x".repeat(1_000)), &echo);
        }
        assert!(transcript.open_tag.len() <= MAX_TAG + 1_100);
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
