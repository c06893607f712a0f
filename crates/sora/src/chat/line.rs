//! Reads one line of a transcript, in the wordings of many servers. Pure; an echo of the prompt was removed before.

use crate::vocabulary::{contains_any, is_notice, is_restart, is_success};

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// The upstream has an id for it.
    Named,
    Queued,
    Generating,
    Progress(f32),
    /// The upstream starts again at 0 without being asked.
    Restarted,
    /// The video is finished.
    Finished,
    Failed(Reported),
}

/// A failure as a line reports it. It is believed at the end of the stream, unless something contradicts it before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reported {
    /// The text after the words for a failure.
    pub(super) reason: String,
    /// Whether it is the upstream's policy.
    pub(super) policy: bool,
    /// Whether the line says so only in passing: a notice, or prose.
    pub(super) weak: bool,
}

/// What a line announces for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Announced {
    #[default]
    Nothing,
    /// The reason of a refusal.
    Refusal,
}

/// The highest percentage that an estimate counts for.
pub(super) const MAX_ESTIMATE: f32 = 95.0;

/// Longest line that is read for progress although it is not quoted, in bytes.
const MAX_UNQUOTED: usize = 200;

/// Whether a line would be taken for status if the upstream had written it.
pub(super) fn is_status(line: &str) -> bool {
    of_content(line, true, false).is_some() || of_reasoning(line, false, &mut Announced::Nothing).is_some()
}

/// Reads a line of content. What is not quoted is mostly prose: it is read for clear words only. `policy` says that the
/// line holds words of a policy's verdict.
pub(super) fn of_content(line: &str, quoted: bool, policy: bool) -> Option<Line> {
    if quoted && is_restart(line) {
        return Some(Line::Restarted);
    }
    if line.starts_with('❌') || (quoted && contains_any(line, &["❌", "失败"])) {
        return Some(failed(line, policy, is_notice(line)));
    }
    if is_success(line) {
        return Some(Line::Finished);
    }
    if policy {
        return Some(failed(line, policy, true));
    }
    if !quoted {
        let status = line.len() <= MAX_UNQUOTED && contains_any(line, &["进度", "progress", "%"]);
        return percent(line)
            .filter(|_| status && contains_any(line, &["进度", "progress"]))
            .map(|at| progress(line, at));
    }
    if contains_any(line, &["id:", "id：", "sid:"]) {
        return Some(Line::Named);
    }
    progressing(line)
}

/// Reads a line of reasoning. Words of failure in it are not final: servers try again without being asked and say so
/// here.
pub(super) fn of_reasoning(line: &str, policy: bool, announced: &mut Announced) -> Option<Line> {
    if std::mem::take(announced) == Announced::Refusal {
        return Some(failed(line, true, false));
    }
    if line.starts_with("**") && contains_any(line, &["content policy violation"]) {
        *announced = Announced::Refusal;
        return None;
    }
    if is_restart(line) {
        return Some(Line::Restarted);
    }
    if contains_any(line, &["失败", "failed", "❌"]) {
        return policy.then(|| failed(line, true, true));
    }
    progressing(line)
}

fn failed(line: &str, policy: bool, weak: bool) -> Line {
    Line::Failed(Reported { reason: reason(line), policy, weak })
}

fn progress(line: &str, percent: f32) -> Line {
    let estimated = contains_any(line, &["estimate", "预计", "估计"]);
    Line::Progress(if estimated { percent.min(MAX_ESTIMATE) } else { percent })
}

fn progressing(line: &str) -> Option<Line> {
    if let Some(percent) = percent(line) {
        return Some(progress(line, percent));
    }
    if contains_any(line, &["排队", "队列", "queue"]) {
        return Some(Line::Queued);
    }
    contains_any(line, &["生成中", "🏃", "generating", "processing"]).then_some(Line::Generating)
}

/// The text after the upstream's words for a failure.
fn reason(line: &str) -> String {
    let failure = line.find("失败").or_else(|| line.to_ascii_lowercase().find("failed"));
    let start = failure.or_else(|| line.find('❌')).unwrap_or(0);
    let text = line[start..].split_once(['：', ':']).filter(|_| failure.is_some()).map_or(line, |(_, reason)| reason);
    text.trim_matches(|c: char| c.is_whitespace() || c == '❌').to_owned()
}

/// The number before a `%`, or after the word for progress.
fn percent(line: &str) -> Option<f32> {
    let number = match line.find('%') {
        Some(end) => {
            let start = line[..end].trim_end().rfind(|c: char| !c.is_ascii_digit() && c != '.');
            let start = start.map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
            &line[start..end]
        }
        None => {
            let after = line.split_once("进度")?.1.trim_start_matches(['：', ':', ' ']);
            let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
            after[..end].trim_end_matches('.')
        }
    };
    number.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::is_policy;

    fn content(lines: &[&str]) -> Vec<Line> {
        let lines = lines.iter().map(|line| (line.trim_start_matches("> "), line.starts_with('>')));
        lines.filter_map(|(line, quoted)| of_content(line, quoted, is_policy(line))).collect()
    }

    fn reasoning(lines: &[&str]) -> Vec<Line> {
        let mut announced = Announced::Nothing;
        lines.iter().filter_map(|line| of_reasoning(line, is_policy(line), &mut announced)).collect()
    }

    fn reported(reason: &str, policy: bool, weak: bool) -> Line {
        Line::Failed(Reported { reason: reason.into(), policy, weak })
    }

    #[test]
    fn reads_progress_in_its_many_forms() {
        for (line, percent) in
            [("🏃 进度：98.7%", 98.7), ("🏃 进度 76..", 76.0), ("进度: 5 %", 5.0), ("36% (processing)", 36.0)]
        {
            assert_eq!(content(&[&format!("> {line}")]), [Line::Progress(percent)], "{line}");
        }
        assert_eq!(content(&["> 进度：120%"]), []);
        assert_eq!(
            content(&["正在生成视频中，当前进度20%", "Progress: 30%", "a room, 40% full"]),
            [Line::Progress(20.0), Line::Progress(30.0)]
        );
    }

    #[test]
    fn reads_a_transcript_of_quoted_lines() {
        let lines = ["> ID: `task_01k`", "> 排队中..", "> 生成中..", "> 🏃 进度 76..", "> 生成完成 ✅", "> sid: s_1"];
        let expected = [Line::Named, Line::Queued, Line::Generating, Line::Progress(76.0), Line::Finished, Line::Named];
        assert_eq!(content(&lines), expected);
    }

    #[test]
    fn only_words_of_policy_make_a_failure_a_refusal() {
        assert_eq!(content(&["> ❌ 生成失败: 内容审核未通过"]), [reported("内容审核未通过", true, false)]);
        assert_eq!(content(&["❌ 生成失败: 服务异常"]), [reported("服务异常", false, false)]);
        let challenge = "❌ Generation failed: Cloudflare challenge or rate limit (429) triggered.";
        assert_eq!(
            content(&[challenge]),
            [reported("Cloudflare challenge or rate limit (429) triggered.", false, false)]
        );
        assert_eq!(
            content(&["> 温馨提示：生成失败不扣费，请勿重复提交"]),
            [reported("温馨提示：生成失败不扣费，请勿重复提交", false, true)]
        );
        assert_eq!(
            content(&["Sorry, this violates our content policy."]),
            [reported("Sorry, this violates our content policy.", true, true)]
        );
        assert_eq!(content(&["> ❌ 内容违规，请修改后重试"]), [reported("内容违规，请修改后重试", true, false)]);
    }

    #[test]
    fn reads_reasoning_whose_failures_are_not_final() {
        let begun = ["**Generation Process Begins**", "Initializing generation request..."];
        assert_eq!(reasoning(&begun), []);
        let read = reasoning(&[
            "**Video Generation Progress**: 36% (processing)",
            "**生成失败，正在重试**",
            "第 1 次重试（共 3 次）...",
            "失败原因：upstream error",
            "Generation in progress: 99% completed (estimated)...",
            "[generation] (processing) 50% Video generation progress: 50%",
        ]);
        let [first, guess, last] = [36.0, 95.0, 50.0].map(Line::Progress);
        assert_eq!(read, [first, Line::Restarted, Line::Restarted, guess, last]);
    }

    #[test]
    fn reads_a_refusal_announced_in_reasoning() {
        let read = reasoning(&["**Content Policy Violation**", "This content may violate our guardrails"]);
        assert_eq!(read, [reported("This content may violate our guardrails", true, false)]);
    }
}
