//! From bytes to well-formed server-sent events, with bounds on all that is held.
//!
//! One parser reads events (`eventsource-stream`); what real servers write otherwise is made well-formed here, line by
//! line, before it gets there: bare JSON without `data:`, a `[DONE]` with its line ends spelled out, a last line without an
//! end, characters that are no UTF-8. Each `data:` line is an event of its own, as every frame of this dialect is one line.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use eventsource_stream::{EventStreamError, Eventsource};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::time::Instant;

/// Longest line, in bytes; a longer one ends the attempt.
const MAX_LINE: usize = 1024 * 1024;

/// How an HTML page begins.
const PAGES: [&str; 3] = ["<!doctype", "<html", "<head"];

/// A stream that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the connection broke off")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a line of more than {MAX_LINE} bytes")]
    LongLine,
    #[error("a page instead of events: {0}")]
    Page(String),
    #[error("the stream is not framed as events: {0}")]
    Framing(String),
}

/// When the last byte came, comments included.
#[derive(Clone, Debug)]
pub(super) struct LastByte(Arc<Mutex<Instant>>);

impl LastByte {
    pub(super) fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn at(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// The data of each frame in `bytes`.
pub(super) fn frames<E>(
    bytes: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    last_byte: LastByte,
) -> BoxStream<'static, Result<String, Broken>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let pieces = bytes.map(move |chunk| {
        last_byte.touch();
        chunk.map_err(|error| Broken::Transport(Box::new(error)))
    });
    let pieces = pieces.map(|chunk| chunk.map(Some)).chain(stream::once(async { Ok(None) }));
    let normal = pieces.scan(Lines::default(), |lines, piece| {
        let normal = piece.and_then(|piece| match piece {
            Some(chunk) => lines.push(&chunk),
            None => lines.finish(),
        });
        async { Some(normal) }
    });
    let events = normal.eventsource().map(|event| match event {
        Ok(event) => Ok(event.data),
        Err(EventStreamError::Transport(broken)) => Err(broken),
        Err(other) => Err(Broken::Framing(other.to_string())),
    });
    events.boxed()
}

/// The line in progress.
#[derive(Debug, Default)]
struct Lines {
    line: BytesMut,
    begun: bool,
}

impl Lines {
    /// The lines that `chunk` ends, made well-formed.
    fn push(&mut self, chunk: &[u8]) -> Result<Bytes, Broken> {
        let mut normal = BytesMut::new();
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() > MAX_LINE {
                return Err(Broken::LongLine);
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = self.line.split();
                self.write(&line, &mut normal)?;
            }
        }
        Ok(normal.freeze())
    }

    /// What a last line without an end says.
    fn finish(&mut self) -> Result<Bytes, Broken> {
        let (line, mut normal) = (self.line.split(), BytesMut::new());
        self.write(&line, &mut normal)?;
        Ok(normal.freeze())
    }

    fn write(&mut self, line: &[u8], normal: &mut BytesMut) -> Result<(), Broken> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if !self.begun && !text.is_empty() {
            self.begun = true;
            if PAGES.iter().any(|page| text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page))) {
                return Err(Broken::Page(text.chars().take(200).collect()));
            }
        }
        let data = match text.strip_prefix("data:") {
            Some(data) => unspelled(data.trim()),
            None if text.starts_with('{') || text.starts_with("[DONE]") => unspelled(text),
            // Comments, `event:`, `id:`, clocks between frames: nothing that is read.
            None => return Ok(()),
        };
        normal.extend_from_slice(b"data: ");
        // The parser knows three ways to end a line; JSON holds none of them unescaped.
        normal.extend(data.bytes().map(|byte| if byte == b'\r' { b' ' } else { byte }));
        normal.extend_from_slice(b"\n\n");
        Ok(())
    }
}

/// Without line ends that are spelled out, as `\n` in plain characters, behind a whole frame.
fn unspelled(data: &str) -> &str {
    let whole = data.trim_end_matches("\\n");
    if whole.ends_with(['}', ']']) { whole } else { data }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use proptest::prelude::*;

    async fn read(chunks: Vec<Vec<u8>>) -> Result<Vec<String>, Broken> {
        let chunks = stream::iter(chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))));
        let all: Vec<_> = frames(chunks, LastByte::now()).collect().await;
        all.into_iter().collect()
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        futures::executor::block_on(future)
    }

    #[test]
    fn makes_well_formed_what_servers_write() {
        let written = concat!(
            "\u{feff}: PING\n\nevent: message\ndata: {\"a\":1}\r\n\r\n",
            "data:{\"b\":2}\n\n12:30:01\n\n{\"c\":\"x\\n\"}\n\ndata: [DONE]\\n\\n"
        );
        let read = now(read(vec![written.into()])).unwrap();
        assert_eq!(read, ["{\"a\":1}", "{\"b\":2}", "{\"c\":\"x\\n\"}", "[DONE]"]);
    }

    #[test]
    fn ends_at_a_line_that_is_too_long_and_at_a_page() {
        let long = vec![b"data: ".to_vec(), vec![b'x'; MAX_LINE]];
        assert!(matches!(now(read(long)), Err(Broken::LongLine)));
        let page = b"\n<!DOCTYPE html>\n<html><body>504</body></html>".to_vec();
        assert!(matches!(now(read(vec![page])), Err(Broken::Page(_))));
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            frames in proptest::collection::vec("(data: |: |)(\\{\"content\": \"\\PC{0,20}\"\\}|\\[DONE\\]|\\PC{0,20})(\r\n|\n|\n\n)", 0..12),
            cuts in proptest::collection::vec(0usize..400, 0..24),
        ) {
            let bytes = frames.concat().into_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < bytes.len()).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let cut = cuts.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect();
            let (cut, whole) = (now(read(cut)), now(read(vec![bytes])));
            prop_assert_eq!(cut.map_err(|broken| broken.to_string()), whole.map_err(|broken| broken.to_string()));
        }

        #[test]
        fn no_bytes_make_it_panic_or_hold_more_than_a_line(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..20)) {
            let mut lines = Lines::default();
            for chunk in &chunks {
                if lines.push(chunk).is_err() {
                    break;
                }
                prop_assert!(lines.line.len() <= MAX_LINE);
            }
            now(read(chunks)).ok();
        }
    }
}
