//! How a stream words refusals and failures, for behaviours that differ from the variant.

use serde_json::json;

use super::context::StreamContext;
use super::part::Part;
use crate::plan::ending::Ending;
use crate::plan::verdict::{FailureStyle, RefusalStyle};
use crate::script::Step;
use crate::verdict_messages::{GUARDRAILS, MODERATION, RATE_LIMITED};

/// What replaces a step, if the wording of refusals or failures changes it.
pub(super) fn parts(step: Step, context: &StreamContext) -> Option<Vec<Part>> {
    match step {
        Step::Refused => refusal(context.plan.verdict.refusal),
        Step::Failed => failure(context.plan.verdict.failure),
        Step::Finished | Step::Done if matches!(context.plan.ending, Ending::Refuse(_)) => {
            ends_itself(step, context.plan.verdict.refusal).then(Vec::new)
        }
        _ => None,
    }
}

/// Whether nothing follows a refusal in this style in place of this step.
fn ends_itself(step: Step, style: RefusalStyle) -> bool {
    match style {
        RefusalStyle::Standard | RefusalStyle::PollError => false,
        RefusalStyle::ErrorEvent => true,
        _ => step == Step::Finished,
    }
}

fn refusal(style: RefusalStyle) -> Option<Vec<Part>> {
    Some(match style {
        RefusalStyle::Standard | RefusalStyle::PollError => return None,
        RefusalStyle::ContentFilter => {
            vec![Part::Delta(json!({"content": "", "refusal": null}), Some("content_filter"))]
        }
        RefusalStyle::RefusalField => {
            vec![Part::Delta(json!({"refusal": "I can't help with that request."}), Some("stop"))]
        }
        RefusalStyle::ErrorEvent => vec![
            Part::Line("event: error".to_owned()),
            Part::Event(json!({"message": "内容违规 content policy", "code": "moderation_blocked"})),
        ],
        RefusalStyle::ErrorObject => vec![Part::Event(json!({"error": {
            "message": "Your request was blocked by our moderation system.",
            "type": "invalid_request_error",
            "param": null,
            "code": "moderation_blocked",
        }}))],
        RefusalStyle::Moderation => vec![Part::Event(json!({"error": {
            "message": MODERATION,
            "code": "Client specified an invalid argument",
        }}))],
        RefusalStyle::Guardrails => {
            vec![Part::Content(format!("❌ Generation failed: {GUARDRAILS}")), Part::Delta(json!({}), Some("stop"))]
        }
    })
}

fn failure(style: FailureStyle) -> Option<Vec<Part>> {
    match style {
        FailureStyle::Standard | FailureStyle::TimedOut => None,
        FailureStyle::RateLimited => Some(vec![
            Part::Reasoning(format!("**CF Shield/429 Error**\n\n{RATE_LIMITED}\n")),
            Part::Content(format!("❌ Generation failed: {RATE_LIMITED}")),
        ]),
    }
}
