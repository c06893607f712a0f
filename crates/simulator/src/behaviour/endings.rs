//! The words that say what becomes of a request: of two, the later one prevails.

use super::definition::Word;
use crate::chat::sse::Hangup;
use crate::http::injected_error::{
    BAD_GATEWAY, FORBIDDEN, GATEWAY_TIMEOUT, GONE, HEAVY_LOAD, HIDDEN_REFUSAL, INTERNAL, NESTED, NO_TOKENS, PAGE,
    QUOTA, TIMEOUT, TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE, UNSPECIFIED,
};
use crate::percent::Percent;
use crate::plan::Ending;

/// Where `restart-loses-jobs` loses them.
const HALF: Percent = Percent(500);
/// Longest `Retry-After`, in seconds: a day.
const DAY: u64 = 86_400;

/// The ends of a generation that was accepted, or may have been.
pub(super) static ENDINGS: &[Word] = &[
    Word::point("refuse@N%", "refused by the content policy at N %", |plan, at| plan.ending = Ending::Refuse(at)),
    Word::ending(
        "refused-completed-without-url",
        "refused: said to be completed, and there is no video",
        Ending::CompleteWithoutUrl,
    ),
    Word::point("failed@N%", "fails at N %", |plan, at| plan.ending = Ending::Fail(at)),
    Word::ending("failed-at-100", "fails, and its progress says 100", Ending::FailAtHundred),
    Word::ending("expired", "ends with the status `expired`", Ending::Expire),
    Word::ending(
        "error-frame",
        "HTTP 200 with an error object in place of the answer",
        Ending::Error(&UNSPECIFIED, None),
    ),
    Word::point("error-frame@N%", "an error object in place of the rest, at N %", |plan, at| {
        plan.ending = Ending::Error(&UNSPECIFIED, Some(at));
    }),
    Word::ending("nested-json-error", "as error-frame, with JSON text as its message", Ending::Error(&NESTED, None)),
    Word::point("cut@N%", "the connection closes at N %, in the middle of the response", |plan, at| {
        plan.ending = Ending::Cut(Hangup::Close, at);
    }),
    Word::point("rst@N%", "the connection is reset at N %", |plan, at| {
        plan.ending = Ending::Cut(Hangup::Reset, at);
    }),
    Word::ending("cut-after-result", "the connection closes right after the line with the URL", Ending::CutAfterResult),
    Word::ending("create-answer-lost", "accepted; the connection closes without an answer", Ending::LoseAnswer),
    Word::point("lost@N%", "its id is unknown from N % on", |plan, at| plan.ending = Ending::Lose(at)),
    Word::ending("restart-loses-jobs", "lost@50%", Ending::Lose(HALF)),
    Word::number("garbage-stream=MB", "a stream of MB megabytes of noise", 1..=4096, |plan, size| {
        plan.ending = Ending::Garbage(size);
    }),
];

/// The HTTP errors.
pub(super) static ERRORS: &[Word] = &[
    Word::ending("http-500", "not accepted: HTTP 500", Ending::TurnAway(&INTERNAL)),
    Word::ending("http-503", "not accepted: HTTP 503", Ending::TurnAway(&UNAVAILABLE)),
    Word::ending("http-429", "not accepted: HTTP 429", Ending::TurnAway(&TOO_MANY)),
    Word::ending("http-401", "not accepted: HTTP 401, a wrong key", Ending::TurnAway(&UNAUTHORISED)),
    Word::ending("http-402", "not accepted: HTTP 402, no quota", Ending::TurnAway(&QUOTA)),
    Word::ending("http-403", "not accepted: HTTP 403, a key without the right", Ending::TurnAway(&FORBIDDEN)),
    Word::ending("http-410", "not accepted: HTTP 410, the model is retired", Ending::TurnAway(&GONE)),
    Word::ending("http-422", "not accepted: HTTP 422", Ending::TurnAway(&UNPROCESSABLE)),
    Word::ending("http-408", "accepted, and HTTP 408", Ending::TurnAway(&TIMEOUT)),
    Word::ending("http-504", "accepted, and HTTP 504", Ending::TurnAway(&GATEWAY_TIMEOUT)),
    Word::ending("http-502-html", "accepted, and HTTP 502 with a proxy's page", Ending::TurnAway(&BAD_GATEWAY)),
    Word::ending("http-200-html", "accepted, and HTTP 200 with a proxy's page", Ending::TurnAway(&PAGE)),
    Word::ending("500-with-4xx-inside", "not accepted: HTTP 500, `400: …`", Ending::TurnAway(&HIDDEN_REFUSAL)),
    Word::ending("no-tokens", "not accepted: no account is free", Ending::Busy(&NO_TOKENS)),
    Word::ending("heavy-load", "not accepted: heavy load", Ending::Busy(&HEAVY_LOAD)),
    Word::number("retry-after=S", "429 and 503 carry `Retry-After: S`", 0..=DAY, |plan, seconds| {
        plan.retry_after = Some(seconds);
    }),
];
