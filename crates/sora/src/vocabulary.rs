//! The words of upstreams, in one place: status words, words of policy, words of failure. Pure.
//!
//! Sources: the servers in docs/upstreams.md, and the APIs of OpenAI, Google, xAI, Kling, Luma, MiniMax, Runway, Vidu,
//! Volcengine, DashScope, Replicate and fal. Numbers that vendors use as status codes are not guessed.

/// What a status word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    Running,
    Finished,
    Failed,
    /// It failed because of the upstream's policy.
    Refused,
}

/// Status words as [`status`] normalises them.
const STATUS_WORDS: [(Status, &[&str]); 5] = [
    (
        Status::Queued,
        &[
            "queued",
            "queueing",
            "queuing",
            "in_queue",
            "pending",
            "submitted",
            "not_start",
            "not_started",
            "preparing",
            "prepared",
            "created",
            "starting",
            "scheduled",
            "waiting",
            "wait",
            "accepted",
            "initialized",
            "initializing",
            "throttled",
            "new",
            "排队中",
            "等待中",
            "待处理",
        ],
    ),
    (
        Status::Running,
        &[
            "in_progress",
            "inprogress",
            "processing",
            "running",
            "generating",
            "started",
            "active",
            "rendering",
            "dreaming",
            "working",
            "uploading",
            "downloading",
            "progress",
            "executing",
            "streaming",
            "retrying",
            "处理中",
            "生成中",
            "进行中",
        ],
    ),
    (
        Status::Finished,
        &[
            "completed",
            "complete",
            "success",
            "succeeded",
            "succeed",
            "successful",
            "finished",
            "finish",
            "done",
            "ready",
            "ok",
            "generated",
            "available",
            "成功",
            "完成",
            "已完成",
        ],
    ),
    (
        Status::Failed,
        &[
            "failed",
            "failure",
            "fail",
            "error",
            "errored",
            "cancelled",
            "canceled",
            "cancel",
            "expired",
            "timeout",
            "timed_out",
            "timedout",
            "aborted",
            "terminated",
            "killed",
            "unsuccessful",
            "失败",
            "已取消",
            "超时",
        ],
    ),
    (
        Status::Refused,
        &[
            "rejected",
            "reject",
            "refused",
            "moderated",
            "moderation",
            "content_moderated",
            "moderation_blocked",
            "nsfw",
            "blocked",
            "flagged",
            "filtered",
            "content_filter",
            "content_filtered",
            "censored",
            "violation",
            "审核失败",
            "审核不通过",
            "违规",
        ],
    ),
];

/// Prefixes that some servers put before each status word.
const STATUS_PREFIXES: [&str; 3] = ["task_status_", "video_generation_status_", "job_state_"];

/// The meaning of a status word; `None` for an unknown one.
pub(crate) fn status(word: &str) -> Option<Status> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    let word = STATUS_PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    STATUS_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(status, _)| *status)
}

/// Codes and words of a policy verdict, in lower case. `_` and `-` are spaces.
const POLICY: [&str; 68] = [
    "moderation blocked",
    "content policy",
    "content policies",
    "usage policies",
    "usage policy",
    "usage guidelines",
    "community guidelines",
    "content guidelines",
    "safety policy",
    "content safety",
    "safety system",
    "safety filter",
    "safety checker",
    "safety.",
    "content moderat",
    "content filter",
    "moderated",
    "moderation",
    "guardrail",
    "responsible ai",
    "raimediafiltered",
    "violat",
    "prohibited content",
    "disallowed content",
    "inappropriate content",
    "sensitive content",
    "sensitivecontent",
    "sensitive information",
    "sensitive word",
    "input sensitive",
    "output sensitive",
    "new sensitive",
    "harmful content",
    "unsafe content",
    "banned prompt",
    "banned word",
    "nsfw",
    "nudity",
    "sexual",
    "violent content",
    "hate speech",
    "self harm",
    "datainspectionfailed",
    "data inspection failed",
    "third party content",
    "copyright",
    "trademark",
    "intellectual property",
    "likeness",
    "public figure",
    "real people",
    "real person",
    "审核",
    "审查",
    "违规",
    "违反",
    "违禁",
    "敏感",
    "不合规",
    "不符合规范",
    "内容安全",
    "内容政策",
    "不当内容",
    "不良信息",
    "侵权",
    "版权",
    "色情",
    "血腥",
];

/// How much of each end of a long message is judged, in characters.
const MAX_END: usize = 300;

/// Phrases with such words that are no verdict: a check that is under way, was passed, or itself broke down, and
/// technical errors.
const NO_VERDICT: [&str; 17] = [
    "审核中",
    "正在审核",
    "等待审核",
    "审核通过",
    "已通过审核",
    "passed moderation",
    "moderation passed",
    "moderation in progress",
    "moderation pending",
    "moderation service",
    "constraint violation",
    "violates unique",
    "violates foreign",
    "violates not null",
    "access violation",
    "protocol violation",
    "rate limit violation",
];

/// Whether a message is a verdict of the upstream's policy. Addresses in it do not count.
pub(crate) fn is_policy(text: &str) -> bool {
    let text = without_addresses(&ends(text).to_lowercase()).replace(['_', '-'], " ");
    let text = NO_VERDICT.iter().fold(text, |text, phrase| text.replace(phrase, ""));
    POLICY.iter().any(|word| text.contains(word))
}

/// Of a long message its beginning and its end, where a verdict stands: the middle lists values, or is a stack trace.
fn ends(text: &str) -> String {
    let count = text.chars().count();
    if count <= 2 * MAX_END {
        return text.to_owned();
    }
    text.chars().take(MAX_END).chain(['\n']).chain(text.chars().skip(count - MAX_END)).collect()
}

/// Reasons to finish a completion that are a policy's verdict (`finish_reason`).
pub(crate) fn is_policy_finish(reason: &str) -> bool {
    let reason = reason.trim().to_lowercase().replace(['-', ' '], "_");
    is_policy(&reason)
        || ["safety", "blocked", "refusal", "prohibited_content", "recitation", "sensitive", "spii", "blocklist"]
            .contains(&reason.as_str())
}

/// Whether a message says that the model or the service no longer exists.
pub(crate) fn is_gone(text: &str) -> bool {
    contains_any(text, &["model not found", "model_not_found", "retired", "deprecated and removed"])
}

/// Whether a message says that the upstream has no capacity.
pub(crate) fn is_overload(text: &str) -> bool {
    contains_any(
        text,
        &["no available token", "no available channel", "无可用账号", "无可用渠道", "heavy load", "负载"],
    )
}

/// Whether a line says that it is a notice, such as terms above the progress, rather than about this generation.
pub(crate) fn is_notice(line: &str) -> bool {
    contains_any(
        line,
        &["提示", "注意", "须知", "请勿", "如果", "如遇", "说明", "notice", "note:", "tips", "if the", "if your"],
    )
}

/// Whether a line says that the upstream starts again without being asked. "Please try again" is a failure.
pub(crate) fn is_restart(line: &str) -> bool {
    (line.contains("重试") && !line.contains('请'))
        || contains_any(line, &["retrying", "retry 1", "retry 2", "retry 3"])
}

/// Whether a line says that the video is finished.
pub(crate) fn is_success(line: &str) -> bool {
    contains_any(line, &["✅", "成功", "完成", "已生成", "successful", "succeeded"])
}

pub(crate) fn contains_any(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn without_addresses(text: &str) -> String {
    let words = text.split(char::is_whitespace).map(|word| word.find("http").map_or(word, |at| &word[..at]));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
