//! Texts and sizes that all variants share.

/// Reason of a refusal.
pub(super) const REFUSAL: &str = "内容未通过审核，可能违反内容政策 (Content Policy Violation)";
/// Reason of a failure.
pub(super) const FAILURE: &str = "视频生成服务异常 (internal error)";
/// Length of the line that `huge-line` inserts, in bytes.
pub(super) const HUGE_LINE: usize = 2 << 20;
