//! From bytes to frames: server-sent events made well-formed, with bounds on all that is held.
//!
//! One parser reads events (`eventsource-stream`); what real servers write otherwise is rewritten here, line by line,
//! before it gets there: JSON without `data:`, on one line or indented over many; a `[DONE]` with its line ends spelled
//! out; a last line without an end; characters that are not UTF-8.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use eventsource_stream::{EventStreamError, Eventsource};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use crate::chat::framing::json::Json;
use crate::failure::is_page;

mod json;

/// Longest line or object, in bytes; a longer one ends the attempt.
const MAX_LINE: usize = 1024 * 1024;

/// How much is kept of a line that is no frame, in characters.
const MAX_NOISE: usize = 2_048;

/// The name of an event that holds such a line.
const NOISE: &str = "noise";

/// A stream that cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the connection broke off")]
    Transport(#[source] io::Error),
    #[error("a line of more than {MAX_LINE} bytes")]
    LongLine,
    #[error("a page instead of events: {0}")]
    Page(String),
    #[error("the stream is not framed as events: {0}")]
    Framing(String),
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RawFrame {
    /// An event's data.
    Data(String),
    /// The data of an event named `error`.
    Error(String),
    /// A line that is no frame, shortened.
    Noise(String),
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

/// The frames in `bytes`.
pub(super) fn frames(
    bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    last_byte: LastByte,
) -> BoxStream<'static, Result<RawFrame, StreamError>> {
    let pieces = bytes.map(move |chunk| {
        last_byte.touch();
        chunk.map(Some).map_err(StreamError::Transport)
    });
    let pieces = pieces.chain(stream::once(async { Ok(None) }));
    let normal = pieces.scan(Lines::default(), |lines, piece| {
        let normal = piece.and_then(|piece| match piece {
            Some(chunk) => lines.push(&chunk),
            None => lines.finish(),
        });
        async { Some(normal) }
    });
    let events = normal.eventsource().map(|event| match event {
        Ok(event) => Ok(match event.event.as_str() {
            NOISE => RawFrame::Noise(event.data),
            "error" => RawFrame::Error(event.data),
            _ => RawFrame::Data(event.data),
        }),
        Err(EventStreamError::Transport(error)) => Err(error),
        Err(other) => Err(StreamError::Framing(other.to_string())),
    });
    events.boxed()
}

/// The line in progress, and the object in progress that spans lines.
#[derive(Debug, Default)]
struct Lines {
    line: BytesMut,
    begun: bool,
    /// Whether the last line ended with a carriage return, to which a line feed may belong.
    carriage_return: bool,
    /// Whether the next data is that of an event named `error`.
    error: bool,
    object: Json,
    /// Whether the object's lines are those of an event.
    in_event: bool,
}

impl Lines {
    /// The lines that `chunk` ends, made well-formed.
    fn push(&mut self, chunk: &[u8]) -> Result<Bytes, StreamError> {
        let mut normal = BytesMut::new();
        for part in chunk.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            if std::mem::take(&mut self.carriage_return) && part == b"\n" {
                continue;
            }
            if self.line.len() + self.object.len() + part.len() > MAX_LINE {
                return Err(StreamError::LongLine);
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || part.ends_with(b"\r") {
                self.carriage_return = part.ends_with(b"\r");
                let line = self.line.split();
                self.write(&line, &mut normal)?;
            }
        }
        Ok(normal.freeze())
    }

    /// What a last line without an end says, and an object that was never closed.
    fn finish(&mut self) -> Result<Bytes, StreamError> {
        let (line, mut normal) = (self.line.split(), BytesMut::new());
        self.write(&line, &mut normal)?;
        let unclosed = self.object.take();
        if !unclosed.is_empty() {
            self.emit(&unclosed, &mut normal);
        }
        Ok(normal.freeze())
    }

    fn write(&mut self, line: &[u8], normal: &mut BytesMut) -> Result<(), StreamError> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if !self.begun && !text.is_empty() {
            self.begun = true;
            if is_page(text) {
                return Err(StreamError::Page(text.chars().take(200).collect()));
            }
        }
        let field = text.strip_prefix("data:").map(str::trim);
        // An object that is still open where it cannot continue is broken, and must not swallow what follows.
        if self.object.is_open() && if self.in_event { text.is_empty() } else { field.is_some() } {
            let broken = self.object.take();
            self.emit(&broken, normal);
        }
        if self.object.is_open() {
            self.object.push(field.unwrap_or(text));
        } else if let Some(data) = field.or_else(|| Some(text).filter(|text| text.starts_with(['{', '[']))) {
            let data = without_spelled_ends(data);
            if data.starts_with('{') {
                self.in_event = field.is_some();
                self.object.push(data);
            } else {
                self.emit(data, normal);
            }
        } else if let Some(event) = text.strip_prefix("event:") {
            self.error = event.trim() == "error";
        } else if !text.is_empty() && !["id:", "retry:", ":"].iter().any(|field| text.starts_with(field)) {
            let noise: String = text.chars().filter(|c| !c.is_control()).take(MAX_NOISE).collect();
            normal.extend_from_slice(format!("event: {NOISE}\ndata: {noise}\n\n").as_bytes());
        }
        if !self.object.is_empty() && !self.object.is_open() {
            let object = self.object.take();
            self.emit(&object, normal);
        }
        Ok(())
    }

    fn emit(&mut self, data: &str, normal: &mut BytesMut) {
        if std::mem::take(&mut self.error) {
            normal.extend_from_slice(b"event: error\n");
        }
        normal.extend_from_slice(b"data: ");
        // The parser knows three ways to end a line; JSON holds none of them unescaped.
        normal.extend(data.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        normal.extend_from_slice(b"\n\n");
    }
}

/// Without line ends that are spelled out, as `\n` in plain characters, after a whole frame.
fn without_spelled_ends(data: &str) -> &str {
    let whole = data.trim_end_matches("\\n");
    if whole.ends_with(['}', ']']) { whole } else { data }
}

#[cfg(test)]
mod tests;
