//! Bounds on the bytes of a stream before anything frames them.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

/// Longest line, in bytes: the framer takes quadratic time in a line's length.
const MAX_LINE: usize = 1024 * 1024;

/// A stream that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the connection broke off")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a line of more than {MAX_LINE} bytes")]
    LongLine,
    #[error("the stream is not framed as events: {0}")]
    Framing(String),
}

/// The same bytes, until a line grows too long.
pub(crate) fn bounded_lines<E>(
    bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> BoxStream<'static, Result<Bytes, Broken>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut line = 0;
    let bounded = bytes.map(move |chunk| {
        let chunk = chunk.map_err(|error| Broken::Transport(Box::new(error)))?;
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            line += part.len();
            if line > MAX_LINE {
                return Err(Broken::LongLine);
            }
            if part.ends_with(b"\n") {
                line = 0;
            }
        }
        Ok(chunk)
    });
    bounded.boxed()
}
