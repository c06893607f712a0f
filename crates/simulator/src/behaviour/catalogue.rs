//! All behaviours, in the order in which `GET /` and the README list them.

mod downloads;
mod encodings;
mod endings;
mod http_errors;
mod objects;
mod pace;
mod results;
mod streams;
mod verdicts;
mod videos;

use super::definition::Definition;

/// Largest count that a behaviour accepts; anything above is taken for a typing error.
const MAX_COUNT: u64 = 1_000_000;

/// Every behaviour.
pub(crate) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let tables = [
        pace::PACE,
        endings::ENDINGS,
        verdicts::VERDICTS,
        http_errors::HTTP_ERRORS,
        results::RESULTS,
        encodings::ENCODINGS,
        streams::STREAMS,
        videos::VIDEOS,
        objects::OBJECTS,
        downloads::DOWNLOADS,
    ];
    tables.into_iter().flatten()
}
