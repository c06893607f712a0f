//! Behaviours that change the objects of the `videos` dialect: status words, ids and envelopes.

use super::verdicts::{HALF, refuse};
use crate::behaviour::definition::Definition;
use crate::plan::Plan;
use crate::plan::ending::Ending;
use crate::plan::verdict::{FailureStyle, RefusalStyle};
use crate::plan::videos::Envelope;

/// Number of servers behind the address with `replica-404`.
const REPLICAS: u64 = 4;

/// The words that `status-words` accepts: completed, refused, failed.
const STATUS_WORDS: &[&str] = &[
    "done",
    "succeed",
    "succeeded",
    "success",
    "Ready",
    "ok",
    "finished",
    "complete", // completed
    "rejected",
    "moderated",
    "nsfw",
    "blocked", // refused
    "timeout",
    "aborted",
    "error", // failed
];

pub(super) static OBJECTS: &[Definition] = &[
    Definition::choice("status-words=WORD", "the final status is WORD", STATUS_WORDS, end_with_status),
    Definition::flag("unknown-status-with-result", "completed: an unknown status and a url", |plan| {
        plan.videos.final_status = Some("denoised");
        plan.result.field = Some("url");
    }),
    Definition::flag("unknown-status-with-error", "failed: an unknown status and an error", |plan| {
        plan.videos.final_status = Some("halted");
        plan.ending = Ending::Fail(HALF);
    }),
    Definition::flag("empty-error", "every object holds an error with empty fields", |plan| {
        plan.videos.empty_error = true;
    }),
    Definition::flag("progress-text", "progress is a string: \"50%\"", |plan| plan.videos.progress_text = true),
    Definition::flag("empty-id", "create: an empty id, and task_id", |plan| plan.videos.envelope = Envelope::EmptyId),
    Definition::flag("numeric-id", "id is a number", |plan| plan.videos.envelope = Envelope::NumericId),
    Definition::flag("video-id", "video_id in place of id", |plan| plan.videos.envelope = Envelope::VideoId),
    Definition::flag("request-id", "request_id in place of id", |plan| plan.videos.envelope = Envelope::RequestId),
    Definition::flag("task-id-data", "data.taskId and data.state", |plan| {
        plan.videos.envelope = Envelope::TaskIdInData;
    }),
    Definition::flag("nested-task-id", "output.task_id and output.task_status", |plan| {
        plan.videos.envelope = Envelope::TaskIdInOutput;
    }),
    Definition::flag("data-beside-status", "data.videos beside id and status", |plan| {
        plan.videos.envelope = Envelope::VideosInData;
    }),
    Definition::flag("new-api-task", "data.task_id; the URL in data.fail_reason", |plan| {
        plan.videos.envelope = Envelope::NewApiTask;
    }),
    Definition::flag("outer-status", "the object in data, beside \"status\": \"success\"", |plan| {
        plan.videos.envelope = Envelope::OuterStatus;
    }),
    Definition::flag("data-object", "the object in data", |plan| plan.videos.envelope = Envelope::Data),
    Definition::flag("data-list", "the object in data[0]", |plan| plan.videos.envelope = Envelope::DataList),
    Definition::flag("task-object", "the object in task", |plan| plan.videos.envelope = Envelope::Task),
    Definition::flag("replica-404", "three of four polls are answered 404", |plan| plan.videos.replicas = REPLICAS),
];

fn end_with_status(plan: &mut Plan, word: &'static str) {
    plan.videos.final_status = Some(word);
    match word {
        "rejected" | "moderated" | "nsfw" | "blocked" => refuse(plan, RefusalStyle::Moderation),
        "timeout" | "aborted" | "error" => {
            plan.verdict.failure = FailureStyle::TimedOut;
            plan.ending = Ending::Fail(HALF);
        }
        _ => plan.ending = Ending::Succeed,
    }
}
