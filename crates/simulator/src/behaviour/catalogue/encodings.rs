//! Behaviours that change how responses are encoded, downloads excepted.

use crate::behaviour::definition::Definition;
use crate::plan::encoding::{Compression, JsonAnswer};

pub(super) static ENCODINGS: &[Definition] = &[
    Definition::flag("gzip", "responses are compressed with gzip", |plan| {
        plan.encoding.compression = Some(Compression::Gzip);
    }),
    Definition::flag("gzip-unannounced", "gzip without Content-Encoding", |plan| {
        plan.encoding.compression = Some(Compression::UnannouncedGzip);
    }),
    Definition::flag("deflate", "responses are compressed with deflate", |plan| {
        plan.encoding.compression = Some(Compression::Deflate);
    }),
    Definition::flag("brotli", "responses are compressed with brotli", |plan| {
        plan.encoding.compression = Some(Compression::Brotli);
    }),
    Definition::flag("json-answer", "chat: one JSON object in place of a stream", |plan| {
        plan.encoding.json_answer = Some(JsonAnswer::Message);
    }),
    Definition::flag("json-delta-answer", "json-answer with the text in `delta`", |plan| {
        plan.encoding.json_answer = Some(JsonAnswer::Delta);
    }),
    Definition::flag("text-plain-json", "indented JSON as text/plain", |plan| {
        plan.encoding.plain_text = true;
        plan.encoding.json_answer = Some(JsonAnswer::Message);
    }),
    Definition::flag("bom", "responses start with a byte order mark", |plan| plan.encoding.byte_order_mark = true),
    Definition::flag("create-202", "videos: create is answered 202", |plan| plan.videos.accepted_202 = true),
];
