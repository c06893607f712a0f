//! Behaviours that answer a submission with an HTTP error.

use crate::behaviour::definition::Definition;
use crate::http::injected_error::{
    BAD_GATEWAY, FORBIDDEN, GATEWAY_TIMEOUT, GONE, HEAVY_LOAD, HIDDEN_BAD_REQUEST, INTERNAL, NO_TOKENS, PAGE_WITH_200,
    QUOTA, TIMEOUT, TOO_MANY, UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE,
};
use crate::plan::ending::Ending;

/// Largest `Retry-After`, in seconds: a day.
const DAY: u64 = 86_400;

pub(super) static HTTP_ERRORS: &[Definition] = &[
    Definition::ending("http-500", "not accepted: HTTP 500", Ending::HttpError(&INTERNAL)),
    Definition::ending("http-503", "not accepted: HTTP 503", Ending::HttpError(&UNAVAILABLE)),
    Definition::ending("http-429", "not accepted: HTTP 429", Ending::HttpError(&TOO_MANY)),
    Definition::ending("http-401", "not accepted: HTTP 401, incorrect key", Ending::HttpError(&UNAUTHORISED)),
    Definition::ending("http-402", "not accepted: HTTP 402, quota exceeded", Ending::HttpError(&QUOTA)),
    Definition::ending("http-403", "not accepted: HTTP 403, key lacks permission", Ending::HttpError(&FORBIDDEN)),
    Definition::ending("http-410", "not accepted: HTTP 410, model retired", Ending::HttpError(&GONE)),
    Definition::ending("http-422", "not accepted: HTTP 422", Ending::HttpError(&UNPROCESSABLE)),
    Definition::ending("http-408", "accepted, but HTTP 408", Ending::HttpError(&TIMEOUT)),
    Definition::ending("http-504", "accepted, but HTTP 504", Ending::HttpError(&GATEWAY_TIMEOUT)),
    Definition::ending("http-502-html", "accepted, but HTTP 502 with a proxy's page", Ending::HttpError(&BAD_GATEWAY)),
    Definition::ending(
        "http-200-html",
        "accepted, but HTTP 200 with a proxy's page",
        Ending::HttpError(&PAGE_WITH_200),
    ),
    Definition::ending(
        "500-with-4xx-inside",
        "not accepted: HTTP 500, `400: …`",
        Ending::HttpError(&HIDDEN_BAD_REQUEST),
    ),
    Definition::ending("no-tokens", "not accepted: no account available", Ending::Overloaded(&NO_TOKENS)),
    Definition::ending("heavy-load", "not accepted: heavy load", Ending::Overloaded(&HEAVY_LOAD)),
    Definition::number("retry-after=S", "429 and 503 carry `Retry-After: S`", 0..=DAY, |plan, seconds| {
        plan.retry_after = Some(seconds);
    }),
];
