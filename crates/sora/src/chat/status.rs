//! What a line of a transcript says, in the many words of many servers. Pure; an echo of the prompt never gets here.

use url::Url;

use crate::chat::transcript::Announced;

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// The upstream has an id for it.
    Named,
    Queued,
    Generating,
    Progress(f32),
    /// It begins anew by itself, at 0.
    Restarted,
    Result(Url),
    Refused(String),
}

/// Most that an estimate counts for.
pub(super) const ESTIMATE: f32 = 95.0;

/// How the addresses of videos end.
const VIDEOS: [&str; 5] = [".mp4", ".webm", ".mov", ".m4v", ".mkv"];

/// Whether a line would be taken for status if it were the upstream's.
pub(super) fn is_status(said: &str) -> bool {
    let mut announced = Announced::Result;
    of_quoted(said, &mut announced).is_some() || of_reasoning(said, &mut announced).is_some()
}

/// A line of content. What is not quoted is prose or an echo, unless its beginning shows an end.
pub(super) fn of_content(said: &str, quoted: bool, announced: &mut Announced) -> Option<Line> {
    if quoted {
        return of_quoted(said, announced);
    }
    if said.starts_with('❌') {
        return Some(Line::Refused(reason(said)));
    }
    if said.starts_with('{') {
        return object(said).map(Line::Result);
    }
    let link = link(said)?;
    let shows = said.starts_with("<video") || said.starts_with("<source") || *announced == Announced::Result;
    let bare = ["[", "![", "http"].iter().any(|start| said.starts_with(start)) && is_video(&link);
    (shows || bare).then_some(Line::Result(link))
}

fn of_quoted(said: &str, announced: &mut Announced) -> Option<Line> {
    if has(said, &["重试", "retrying"]) {
        return Some(Line::Restarted);
    }
    if has(said, &["❌", "失败"]) {
        return Some(Line::Refused(reason(said)));
    }
    let succeeded = has(said, &["✅", "成功", "完成"]);
    if let Some(link) = link(said).filter(|link| succeeded || *announced == Announced::Result || is_video(link)) {
        return Some(Line::Result(link));
    }
    if succeeded {
        *announced = Announced::Result;
        return Some(Line::Generating);
    }
    if has(&said.to_lowercase(), &["id:", "id：", "sid:"]) {
        return Some(Line::Named);
    }
    progressing(said)
}

/// A line of reasoning. Words of failure in it are not final: servers try again by themselves and say so here.
pub(super) fn of_reasoning(said: &str, announced: &mut Announced) -> Option<Line> {
    if *announced == Announced::Refusal {
        *announced = Announced::Nothing;
        return Some(Line::Refused(said.to_owned()));
    }
    if said.starts_with("**") && has(&said.to_lowercase(), &["content policy violation"]) {
        *announced = Announced::Refusal;
        return None;
    }
    if has(said, &["重试", "Retrying", "retrying"]) {
        return Some(Line::Restarted);
    }
    if has(said, &["失败", "Failed", "failed", "❌"]) {
        return None;
    }
    progressing(said)
}

fn progressing(said: &str) -> Option<Line> {
    let lower = said.to_lowercase();
    if let Some(percent) = percent(said) {
        let estimated = has(&lower, &["estimate", "预计", "估计"]);
        return Some(Line::Progress(if estimated { percent.min(ESTIMATE) } else { percent }));
    }
    if has(&lower, &["排队", "队列", "queue"]) {
        return Some(Line::Queued);
    }
    has(&lower, &["生成中", "🏃", "generating", "processing"]).then_some(Line::Generating)
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// What stands behind the upstream's phrase for a failure.
fn reason(said: &str) -> String {
    let text = said.split_once(['：', ':']).map_or(said, |(_, reason)| reason);
    text.trim_matches(|c: char| c.is_whitespace() || c == '❌').to_owned()
}

/// The first address in a line: of a Markdown link, of a tag, or bare.
fn link(said: &str) -> Option<Url> {
    let start = said.find("https://").or_else(|| said.find("http://"))?;
    let ends = [')', ' ', '>', '<', '"', '\'', '，', '）', ']', '`'];
    let end = said[start..].find(ends).map_or(said.len(), |end| start + end);
    Url::parse(&said[start..end]).ok().filter(Url::has_host)
}

/// The result as JSON text: `{"type": "video", "url": …}`.
fn object(said: &str) -> Option<Url> {
    let object: serde_json::Value = serde_json::from_str(said).ok()?;
    let place = object.get("url").or(object.get("video_url")).or(object.pointer("/data/0/url"))?;
    let shows = object.get("type").is_some_and(|kind| kind == "video");
    Url::parse(place.as_str()?).ok().filter(|url| url.has_host() && (shows || is_video(url)))
}

fn is_video(link: &Url) -> bool {
    let path = link.path().to_lowercase();
    VIDEOS.iter().any(|end| path.ends_with(end))
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

    fn content(lines: &[&str]) -> Vec<Line> {
        let mut announced = Announced::Nothing;
        let said = lines.iter().map(|line| (line.trim_start_matches("> "), line.starts_with('>')));
        said.filter_map(|(said, quoted)| of_content(said, quoted, &mut announced)).collect()
    }

    fn reasoning(lines: &[&str]) -> Vec<Line> {
        let mut announced = Announced::Nothing;
        lines.iter().filter_map(|line| of_reasoning(line, &mut announced)).collect()
    }

    fn result() -> Line {
        Line::Result(Url::parse("https://host/x.mp4").unwrap())
    }

    #[test]
    fn reads_progress_in_its_many_forms() {
        for (said, percent) in
            [("🏃 进度：98.7%", 98.7), ("🏃 进度 76..", 76.0), ("进度: 5 %", 5.0), ("36% (processing)", 36.0)]
        {
            assert_eq!(content(&[&format!("> {said}")]), [Line::Progress(percent)], "{said}");
        }
        assert_eq!(content(&["> 进度：120%", "进度：12%"]), []);
    }

    #[test]
    fn reads_a_transcript_of_quoted_lines() {
        let lines = ["> ID: `task_01k`", "> 排队中..", "> 生成中..", "> 🏃 进度 76..", "> 生成完成 ✅", "> sid: s_1"];
        let told = [Line::Named, Line::Queued, Line::Generating, Line::Progress(76.0), Line::Generating, Line::Named];
        assert_eq!(content(&lines), told);
        assert_eq!(
            content(&["> 🏃 进度：12%", "> ❌ 生成失败: 内容审核未通过"])[1],
            Line::Refused("内容审核未通过".into())
        );
    }

    #[test]
    fn reads_where_a_result_is_in_its_many_forms() {
        for lines in [
            &["> ✅ 视频生成成功，[点击这里](https://host/x.mp4) 查看视频~~~"][..],
            &["<video src='https://host/x.mp4' controls></video>"],
            &["[点击这里](https://host/x.mp4)"],
            &["> [下载](https://host/x.mp4)"],
            &["> 生成完成 ✅", "Download it: https://host/x.mp4"],
            &["❤ thanks", "https://host/x.mp4"],
            &[r#"{"type": "video", "url": "https://host/x.mp4", "data": []}"#],
        ] {
            assert_eq!(content(lines).last(), Some(&result()), "{lines:?}");
        }
        assert_eq!(content(&["see https://host/x.mp4", "[terms](https://host/terms)"]), []);
    }

    #[test]
    fn reads_reasoning_whose_failures_are_not_final() {
        let begun = ["**Generation Process Begins**", "Initializing generation request..."];
        assert_eq!(reasoning(&begun), []);
        let told = reasoning(&[
            "**Video Generation Progress**: 36% (processing)",
            "**生成失败，正在重试**",
            "第 1 次重试（共 3 次）...",
            "失败原因：upstream error",
            "Generation in progress: 99% completed (estimated)...",
            "[generation] (processing) 50% Video generation progress: 50%",
        ]);
        let [first, guess, last] = [36.0, 95.0, 50.0].map(Line::Progress);
        assert_eq!(told, [first, Line::Restarted, Line::Restarted, guess, last]);
    }

    #[test]
    fn reads_a_refusal_announced_in_reasoning() {
        let told = reasoning(&["**Content Policy Violation**", "This content may violate our guardrails"]);
        assert_eq!(told, [Line::Refused("This content may violate our guardrails".into())]);
    }
}
