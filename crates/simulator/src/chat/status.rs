//! Status reports of sora2api and its fork: a passage of text, a line, or an object.

use serde::Serialize;

use super::messages::{FAILURE, REFUSAL};
use crate::percent::Percent;

/// A status report.
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Started,
    Queued,
    Progress(Percent),
    Estimate(Percent),
    Restarted,
    Completed,
    Refused,
}

/// Value of `reasoning_content`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Reasoning {
    Text(String),
    Object(StatusObject),
}

/// A status report as a2-object writes it.
#[derive(Serialize)]
pub(super) struct StatusObject {
    stage: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u16>,
    message: String,
}

impl Status {
    /// The Markdown text of a1.
    pub(super) fn text(self) -> String {
        match self {
            Self::Started => "**Generation Process Begins**\n\nInitializing generation request...\n".to_owned(),
            Self::Queued => "\n**Video Generation Progress**: 0% (queued)\n".to_owned(),
            Self::Progress(at) => format!("\n**Video Generation Progress**: {}% (processing)\n", at.whole()),
            Self::Estimate(at) => {
                format!("**Processing**\n\nGeneration in progress: {}% completed (estimated)...\n", at.whole())
            }
            Self::Restarted => {
                format!("**生成失败，正在重试**\n\n第 1 次重试（共 3 次）...\n\n失败原因：{FAILURE}\n\n")
            }
            Self::Completed => "\n**Video Generation Progress**: 100% (completed)\n".to_owned(),
            Self::Refused => format!("**Content Policy Violation**\n\n{REFUSAL}\n"),
        }
    }

    /// The line of a2: `[stage] (status) 50% message`.
    pub(super) fn line(self) -> String {
        let StatusObject { stage, status, progress, message } = self.object();
        let percent = progress.map(|percent| format!("{percent}% ")).unwrap_or_default();
        format!("[{stage}] ({status}) {percent}{message}")
    }

    /// The object of a2-object.
    pub(super) fn object(self) -> StatusObject {
        let (stage, status, progress, message) = match self {
            Self::Started => ("generation", "started", None, "Initializing generation request...".to_owned()),
            Self::Queued => ("generation", "queued", None, "Video generation is queued".to_owned()),
            Self::Progress(at) => {
                let percent = at.whole();
                ("generation", "processing", Some(percent), format!("Video generation progress: {percent}%"))
            }
            Self::Estimate(at) => {
                let message = format!("Generation in progress: {}% completed (estimated)...", at.whole());
                ("generation", "processing", Some(at.whole()), message)
            }
            Self::Restarted => ("generation", "retrying", None, format!("Generation failed, retry 1 of 3: {FAILURE}")),
            Self::Completed => ("generation", "completed", Some(100), "Video generation completed".to_owned()),
            Self::Refused => ("error", "error", None, format!("Content Policy Violation: {REFUSAL}")),
        };
        StatusObject { stage, status, progress, message }
    }
}
