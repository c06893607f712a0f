//! Behaviours of `chat` streams.

use crate::behaviour::definition::Definition;
use crate::dialect::Variant;
use crate::plan::stream::DoneMarker;

pub(super) static STREAMS: &[Definition] = &[
    Definition::flag("a1", "chat: sora2api", |plan| plan.variant = Variant::A1),
    Definition::flag("a2", "chat: a fork of sora2api", |plan| plan.variant = Variant::A2),
    Definition::flag("a2-object", "chat: reasoning_content is an object", |plan| plan.variant = Variant::A2Object),
    Definition::flag("b1", "chat: a transcript, one line per chunk", |plan| plan.variant = Variant::B1),
    Definition::flag("b2", "chat: a transcript cut into tokens", |plan| plan.variant = Variant::B2),
    Definition::flag("no-done", "the stream ends without `data: [DONE]`", |plan| {
        plan.stream.done = DoneMarker::Never;
    }),
    Definition::flag("done-literal", "`[DONE]` is followed by a literal \\n\\n", |plan| {
        plan.stream.done = DoneMarker::Literal;
    }),
    Definition::flag("done-twice", "`[DONE]` is sent twice", |plan| plan.stream.done = DoneMarker::Twice),
    Definition::flag("empty-choices", "chunks with `\"choices\": []`", |plan| plan.stream.empty_choices = true),
    Definition::flag("pings", "an SSE comment before every step", |plan| plan.stream.framing.pings = true),
    Definition::flag("crlf", "lines end in CR LF", |plan| plan.stream.framing.crlf = true),
    Definition::flag("split-utf8", "characters outside ASCII are split across writes", |plan| {
        plan.stream.framing.split_utf8 = true;
    }),
    Definition::flag("huge-line", "a line of 2 MiB", |plan| plan.stream.huge_line = true),
    Definition::flag("prompt-echo-injection", "the prompt is repeated outside of a code fence", |plan| {
        plan.stream.raw_echo = true;
    }),
];
