//! Behaviours that change how refusals and failures are worded. Each sets the ending as well.

use crate::behaviour::definition::Definition;
use crate::http::injected_error::MODERATED;
use crate::percent::Percent;
use crate::plan::Plan;
use crate::plan::ending::Ending;
use crate::plan::verdict::{FailureStyle, RefusalStyle};

/// Where these generations end.
pub(super) const HALF: Percent = Percent(500);

pub(super) static VERDICTS: &[Definition] = &[
    Definition::flag("content-filter", "refused: finish_reason is content_filter", |plan| {
        refuse(plan, RefusalStyle::ContentFilter);
    }),
    Definition::flag("refusal-field", "refused: delta.refusal", |plan| refuse(plan, RefusalStyle::RefusalField)),
    Definition::flag("event-error", "refused: an event named error", |plan| refuse(plan, RefusalStyle::ErrorEvent)),
    Definition::flag("moderation-frame", "refused: an error object with moderation_blocked", |plan| {
        refuse(plan, RefusalStyle::ErrorObject);
    }),
    Definition::flag("moderation-message", "refused: only the message says it", |plan| {
        refuse(plan, RefusalStyle::Moderation);
    }),
    Definition::flag("guardrails", "refused: the message speaks of guardrails", |plan| {
        refuse(plan, RefusalStyle::Guardrails);
    }),
    Definition::ending("http-400-moderated", "refused, not accepted: HTTP 400", Ending::HttpError(&MODERATED)),
    Definition::flag("poll-400-moderated", "videos: refused, polls are answered 400", |plan| {
        refuse(plan, RefusalStyle::PollError);
    }),
    Definition::flag("notice-failure", "chat: a notice about failures above the progress", |plan| {
        plan.stream.notice = true;
    }),
    Definition::flag("cloudflare-429", "fails: the upstream was rate limited", |plan| {
        plan.verdict.failure = FailureStyle::RateLimited;
        plan.ending = Ending::Fail(HALF);
    }),
    Definition::ending("unreadable", "accepted; no answer has an id or a status", Ending::Unreadable),
];

/// Makes a generation end with a refusal in this style.
pub(super) fn refuse(plan: &mut Plan, style: RefusalStyle) {
    plan.verdict.refusal = style;
    plan.ending = Ending::Refuse(HALF);
}
