//! Behaviours of the `videos` dialect.

use super::MAX_COUNT;
use crate::behaviour::definition::Definition;
use crate::dialect::Flavour;
use crate::plan::videos::{BodyFormat, StatusStyle};

pub(super) static VIDEOS: &[Definition] = &[
    Definition::flag("openai", "videos: OpenAI", |plan| plan.flavour = Flavour::Openai),
    Definition::flag("vllm-omni", "videos: vLLM-Omni", |plan| plan.flavour = Flavour::VllmOmni),
    Definition::flag("odd-id", "the id contains =, + and /", |plan| plan.videos.odd_id = true),
    Definition::flag("multipart-refused", "415 for multipart: JSON only", |plan| {
        plan.videos.refused_format = Some(BodyFormat::Multipart);
    }),
    Definition::flag("json-refused", "415 for JSON: multipart only", |plan| {
        plan.videos.refused_format = Some(BodyFormat::Json);
    }),
    Definition::number("poll-5xx-N", "the first N polls are answered 500", 1..=MAX_COUNT, |plan, polls| {
        plan.videos.polls_500 = polls;
    }),
    Definition::number("poll-429-N", "N polls are answered 429", 1..=MAX_COUNT, |plan, polls| {
        plan.videos.polls_429 = polls;
    }),
    Definition::flag("poll-404-once", "poll-404-1", |plan| plan.videos.polls_404 = 1),
    Definition::number("poll-404-N", "N polls are answered 404", 1..=MAX_COUNT, |plan, polls| {
        plan.videos.polls_404 = polls;
    }),
    Definition::flag("status-synonym", "status words of other servers", |plan| {
        plan.videos.status_style = StatusStyle::Synonyms;
    }),
    Definition::flag("status-unknown", "an unknown status while it runs", |plan| {
        plan.videos.status_style = StatusStyle::Unknown;
    }),
    Definition::flag("cancel-ignored", "DELETE is answered 200 and stops nothing", |plan| {
        plan.videos.cancel_ignored = true;
    }),
];
