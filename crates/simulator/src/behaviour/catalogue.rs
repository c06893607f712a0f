//! The whole vocabulary, in the order in which `GET /` and the documentation tell it.

use std::time::Duration;

use super::definition::Word;
use super::endings::{ENDINGS, ERRORS};
use crate::dialect::{Flavour, Variant};
use crate::plan::download::{Address, Fault, Redirect};
use crate::plan::{Course, Done, Form, StatusWords};

/// How long `slow` waits between steps: the cadence of a real generation.
const SLOW: Duration = Duration::from_secs(30);
/// A count above this is taken for a slip of the pen.
const MANY: u64 = 1_000_000;

/// Every word.
pub(crate) fn all() -> impl Iterator<Item = &'static Word> {
    [GENERATION, ENDINGS, ERRORS, STREAMS, VIDEOS, FILES].into_iter().flatten()
}

static GENERATION: &[Word] = &[
    Word::plain("happy", "succeed, whatever the flags say", |plan| *plan = plan.happily()),
    Word::plain("instant", "no pause between steps", |plan| plan.pace = Duration::ZERO),
    Word::plain("slow", "30 s between steps", |plan| plan.pace = SLOW),
    Word::number("pace=MS", "MS milliseconds between steps", 0..=u64::MAX, |plan, ms| {
        plan.pace = Duration::from_millis(ms);
    }),
    Word::number("steps=N", "N progress lines in a whole generation", 1..=65_535, |plan, steps| {
        plan.steps = u16::try_from(steps).unwrap_or(u16::MAX);
    }),
    Word::plain("silent", "no progress: the time passes without a word", |plan| plan.telling.silent = true),
    Word::plain("estimated-only", "all progress is an estimate", |plan| plan.telling.estimated = true),
    Word::plain("regress", "progress falls back half-way and rises again", |plan| {
        plan.telling.course = Course::Regress;
    }),
    Word::plain("internal-retry", "fails half-way and starts anew by itself", |plan| {
        plan.telling.course = Course::Retry;
    }),
];

static STREAMS: &[Word] = &[
    Word::plain("a1", "chat as sora2api speaks it", |plan| plan.variant = Variant::A1),
    Word::plain("a2", "chat as its fork speaks it", |plan| plan.variant = Variant::A2),
    Word::plain("a2-object", "chat with reasoning_content as an object", |plan| plan.variant = Variant::A2Object),
    Word::plain("b1", "chat as a transcript, a line per chunk", |plan| plan.variant = Variant::B1),
    Word::plain("b2", "chat as a transcript cut into tokens", |plan| plan.variant = Variant::B2),
    Word::plain("no-done", "the stream ends without `data: [DONE]`", |plan| plan.done = Done::Never),
    Word::plain("done-literal", "`[DONE]` is followed by \\n as two characters", |plan| plan.done = Done::Literal),
    Word::plain("done-twice", "`[DONE]` comes twice", |plan| plan.done = Done::Twice),
    Word::plain("empty-choices", "chunks with `\"choices\": []`", |plan| plan.telling.empty_choices = true),
    Word::plain("pings", "an SSE comment before every step", |plan| plan.framing.pings = true),
    Word::plain("crlf", "lines end in CR LF", |plan| plan.framing.crlf = true),
    Word::plain("split-utf8", "every character outside ASCII is cut in two on the wire", |plan| {
        plan.framing.split_utf8 = true;
    }),
    Word::plain("huge-line", "a line of 2 MiB", |plan| plan.telling.huge_line = true),
    Word::plain("prompt-echo-injection", "the prompt is repeated raw, outside of a fence", |plan| {
        plan.telling.raw_echo = true;
    }),
];

static VIDEOS: &[Word] = &[
    Word::plain("openai", "videos as OpenAI speaks it", |plan| plan.flavour = Flavour::Openai),
    Word::plain("vllm-omni", "videos as vLLM-Omni speaks it", |plan| plan.flavour = Flavour::VllmOmni),
    Word::plain("odd-id", "the id holds =, + and /", |plan| plan.jobs.odd_id = true),
    Word::plain("multipart-refused", "415 to multipart: JSON only", |plan| plan.jobs.refused = Some(Form::Multipart)),
    Word::plain("json-refused", "415 to JSON: multipart only", |plan| plan.jobs.refused = Some(Form::Json)),
    Word::number("poll-5xx-N", "the first N polls are answered 500", 1..=MANY, |plan, polls| {
        plan.jobs.errors = polls;
    }),
    Word::number("poll-429-N", "N polls are answered 429", 1..=MANY, |plan, polls| plan.jobs.limits = polls),
    Word::plain("poll-404-once", "poll-404-1", |plan| plan.jobs.unknowns = 1),
    Word::number("poll-404-N", "N polls are answered 404", 1..=MANY, |plan, polls| plan.jobs.unknowns = polls),
    Word::plain("status-synonym", "status words as others write them", |plan| {
        plan.jobs.words = StatusWords::Synonyms;
    }),
    Word::plain("status-unknown", "an unheard-of status while it runs", |plan| {
        plan.jobs.words = StatusWords::Unheard;
    }),
    Word::plain("cancel-ignored", "DELETE is answered 200 and stops nothing", |plan| {
        plan.jobs.cancel_ignored = true;
    }),
];

static FILES: &[Word] = &[
    Word::plain("url-404-then-ok", "url-404=2", |plan| plan.file.spoil(Fault::NotFound, Some(2))),
    Word::number("url-404=N", "the first N downloads are answered 404", 1..=MANY, |plan, downloads| {
        plan.file.spoil(Fault::NotFound, Some(downloads));
    }),
    Word::file("url-expired", "the download is answered 403", Fault::Expired),
    Word::file("url-gone", "the download is answered 410", Fault::Gone),
    Word::file("url-html", "the download is a page", Fault::Html),
    Word::file("url-json", "the download is an error object, with status 200", Fault::Json),
    Word::file("url-empty", "the download has no bytes", Fault::Empty),
    Word::file("truncated-file", "the download ends in the middle; ranges come whole", Fault::Truncated),
    Word::plain("no-range", "ranges are ignored", |plan| plan.file.no_range = true),
    Word::number("huge-file=MB", "a file of MB megabytes", 1..=65_536, |plan, size| plan.file.megabytes = Some(size)),
    Word::plain("url-private", "the URL points to 127.0.0.1:1", |plan| plan.file.address = Address::Loopback),
    Word::plain("url-metadata", "the URL points to 169.254.169.254", |plan| plan.file.address = Address::Metadata),
    Word::plain("url-redirect", "302 to the file", |plan| plan.file.redirect = Redirect::File),
    Word::plain("url-redirect-private", "302 to 169.254.169.254", |plan| plan.file.redirect = Redirect::Metadata),
];
