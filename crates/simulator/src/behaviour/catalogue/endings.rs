//! Behaviours that set the ending of an accepted request. Of several endings, the last one applies.

use crate::behaviour::definition::Definition;
use crate::http::connection::Disconnect;
use crate::http::injected_error::{NESTED, UNSPECIFIED};
use crate::percent::Percent;
use crate::plan::ending::Ending;

/// Where `restart-loses-jobs` forgets the generation.
const HALF: Percent = Percent(500);

pub(super) static ENDINGS: &[Definition] = &[
    Definition::percent("refuse@N%", "refused by the content policy at N %", |plan, at| {
        plan.ending = Ending::Refuse(at);
    }),
    Definition::ending(
        "refused-completed-without-url",
        "reported as completed, without a video",
        Ending::CompleteWithoutResult,
    ),
    Definition::percent("failed@N%", "fails at N %", |plan, at| plan.ending = Ending::Fail(at)),
    Definition::ending("failed-at-100", "fails with progress 100", Ending::FailAtHundred),
    Definition::ending("expired", "ends with the status `expired`", Ending::Expire),
    Definition::ending(
        "error-frame",
        "HTTP 200 with an error object in place of the response",
        Ending::Error(&UNSPECIFIED, None),
    ),
    Definition::percent("error-frame@N%", "an error object from N % on", |plan, at| {
        plan.ending = Ending::Error(&UNSPECIFIED, Some(at));
    }),
    Definition::ending("nested-json-error", "error-frame with JSON text as its message", Ending::Error(&NESTED, None)),
    Definition::percent("cut@N%", "the connection closes at N %, mid-response", |plan, at| {
        plan.ending = Ending::Disconnect(Disconnect::Close, at);
    }),
    Definition::percent("rst@N%", "the connection is reset at N %", |plan, at| {
        plan.ending = Ending::Disconnect(Disconnect::Reset, at);
    }),
    Definition::ending("cut-after-result", "the connection closes right after the URL", Ending::DisconnectAfterResult),
    Definition::ending(
        "create-answer-lost",
        "accepted; the connection closes without a response",
        Ending::DropResponse,
    ),
    Definition::percent("lost@N%", "the id is unknown from N % on", |plan, at| plan.ending = Ending::ForgetId(at)),
    Definition::ending("restart-loses-jobs", "lost@50%", Ending::ForgetId(HALF)),
    Definition::number("garbage-stream=MB", "a stream of MB MiB of random bytes", 1..=4096, |plan, size| {
        plan.ending = Ending::Garbage(size);
    }),
];
