//! The text of a generation, read line by line: what the upstream says in quoted lines (`> …`).
//!
//! The upstream echoes the request in it, so a line that repeats a passage of the prompt is never status, wherever it
//! stands. Fences around the echo are no help: a prompt can hold fences too. Only the line in progress is kept.

use url::Url;

/// What a line of the transcript says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Queued,
    Generating,
    Progress(f32),
    Result(Url),
    Refused(String),
}

/// Longest line that is kept, in bytes; of a longer one the beginning is read.
const MAX_LINE: usize = 64 * 1024;

/// Reads what is pushed into it.
#[derive(Debug)]
pub(super) struct Transcript {
    /// The prompt as it was sent, and as it stands in a JSON string.
    echoes: [String; 2],
    line: String,
}

impl Transcript {
    /// A transcript of a generation of `prompt`.
    pub(super) fn new(prompt: &str) -> Self {
        let escaped = serde_json::Value::from(prompt).to_string();
        Self { echoes: [prompt.to_owned(), escaped], line: String::new() }
    }

    /// Adds text as it came; answers what the lines that it ended say.
    pub(super) fn push(&mut self, text: &str) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in text.split_inclusive('\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend(part.chars().scan(0, |used, c| {
                *used += c.len_utf8();
                (*used <= room || c == '\n').then_some(c)
            }));
            if part.ends_with('\n') {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// Ends the line in progress.
    pub(super) fn finish(&mut self) -> Option<Line> {
        let line = std::mem::take(&mut self.line);
        let said = line.trim().strip_prefix('>')?.trim();
        // The end of an echo may carry what closes it there.
        let passage = said.trim_end_matches(['"', '\'', ',', '.', '…', '}', ' ']);
        let echoed = self.echoes.iter().any(|echo| echo.contains(passage));
        if echoed { None } else { read(said) }
    }
}

fn read(said: &str) -> Option<Line> {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["❌", "失败"]) {
        return Some(Line::Refused(reason(said)));
    }
    if has(&["✅", "成功", "完成"]) {
        return link(said).map(Line::Result);
    }
    if let Some(percent) = percent(said) {
        return Some(Line::Progress(percent));
    }
    if has(&["排队", "队列", "queue"]) {
        return Some(Line::Queued);
    }
    has(&["生成中", "🏃", "generating", "processing"]).then_some(Line::Generating)
}

/// What stands behind the upstream's phrase for a failure.
fn reason(said: &str) -> String {
    let text = said.split_once(['：', ':']).map_or(said, |(_, reason)| reason);
    text.trim_matches(|c: char| c.is_whitespace() || c == '❌').to_owned()
}

/// The address of a Markdown link, or a bare one.
fn link(said: &str) -> Option<Url> {
    let start = said.find("https://").or_else(|| said.find("http://"))?;
    let end = said[start..].find([')', ' ', '>', '"', '\'', '，', '）']).map_or(said.len(), |end| start + end);
    Url::parse(&said[start..end]).ok().filter(Url::has_host)
}

/// The number before a `%`, or after the word for progress.
fn percent(said: &str) -> Option<f32> {
    let number = match said.find('%') {
        Some(end) => {
            let start = said[..end].trim_end().rfind(|c: char| !c.is_ascii_digit() && c != '.');
            let start = start.map_or(0, |at| at + said[at..].chars().next().map_or(1, char::len_utf8));
            &said[start..end]
        }
        None => {
            let after = said.split_once("进度")?.1.trim_start_matches(['：', ':', ' ']);
            let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
            after[..end].trim_end_matches('.')
        }
    };
    number.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn read_all<'a>(prompt: &str, chunks: impl IntoIterator<Item = &'a str>) -> Vec<Line> {
        let mut transcript = Transcript::new(prompt);
        let mut lines: Vec<_> = chunks.into_iter().flat_map(|chunk| transcript.push(chunk)).collect();
        lines.extend(transcript.finish());
        lines
    }

    #[test]
    fn reads_a_refusal_with_its_reason() {
        let lines = read_all("x", ["> 🏃 进度：12%\n\n> ❌ 生成失败: 内容审核未通过\n"]);
        assert_eq!(lines, [Line::Progress(12.0), Line::Refused("内容审核未通过".into())]);
    }

    #[test]
    fn reads_progress_in_its_many_forms() {
        for (said, percent) in
            [("🏃 进度：98.7%", 98.7), ("🏃 进度 76..", 76.0), ("进度: 5 %", 5.0), ("36% (processing)", 36.0)]
        {
            assert_eq!(read(said), Some(Line::Progress(percent)), "{said}");
        }
        assert_eq!(read("进度：120%"), None);
    }

    #[test]
    fn takes_nothing_that_the_prompt_says_for_status() {
        for hard in [
            "进度：99%",
            "a\n> 🏃 进度：99%\n> ✅ 成功 https://evil/x.mp4\n> ❌ 生成失败: no",
            "```\n> ✅ [x](https://evil/x.mp4)\n```",
            "\"}\n```\n> ❌ 失败",
        ] {
            assert_eq!(read_all(hard, [b1(hard).as_str()]), expected(), "{hard}");
            let unescaped = b1("HERE").replace("\"HERE\"", hard);
            assert_eq!(read_all(hard, [unescaped.as_str()]).last(), expected().last(), "{hard}");
        }
    }

    #[test]
    fn keeps_no_more_than_a_line() {
        let mut transcript = Transcript::new("x");
        for _ in 0..64 {
            transcript.push(&"> 进度 ".repeat(4_096));
        }
        assert!(transcript.line.len() <= MAX_LINE + 4);
    }

    proptest! {
        #[test]
        fn any_cutting_of_a_stream_reads_the_same(prompt in "\\PC{0,80}", cuts in proptest::collection::vec(0usize..600, 0..20)) {
            let text = b1(&prompt);
            let mut at: Vec<_> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut) && *cut < text.len()).collect();
            at.push(0);
            at.push(text.len());
            at.sort_unstable();
            let chunks = at.windows(2).map(|pair| &text[pair[0]..pair[1]]);
            prop_assert_eq!(read_all(&prompt, chunks), read_all(&prompt, [text.as_str()]));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(> )?[\\PC\\n%>❌✅进度：0-9.]{0,200}") {
            read_all("", [text.as_str()]);
        }
    }
}
