//! Encodes response bodies: compression and byte order marks. Streams stay streams: every piece is flushed on its own.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::response::Response;
use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use futures::{StreamExt, stream};

use super::brotli::BrotliEncoder;
use crate::plan::encoding::{Compression, EncodingPlan};

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Zlib(ZlibEncoder<Vec<u8>>),
    Brotli(BrotliEncoder),
}

/// Encodes the body of a response as the plan says.
pub(crate) fn encode(response: Response, plan: EncodingPlan) -> Response {
    let response = if plan.byte_order_mark { prepend(response, BYTE_ORDER_MARK) } else { response };
    match plan.compression {
        Some(compression) => compress(response, compression),
        None => response,
    }
}

/// Compresses the body of a response.
pub(crate) fn compress(response: Response, compression: Compression) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let name = match compression {
        Compression::Gzip => Some("gzip"),
        Compression::Deflate => Some("deflate"),
        Compression::Brotli => Some("br"),
        Compression::UnannouncedGzip => None,
    };
    if let Some(name) = name {
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    // `None` marks the end of the body, where the encoder writes its trailer.
    let pieces = body.into_data_stream().map(Some).chain(stream::once(async { None }));
    let encoded = pieces.scan(Encoder::new(compression), |encoder, piece| {
        let encoded = match piece {
            Some(Ok(bytes)) => encoder.write(&bytes).map_err(axum::Error::new),
            Some(Err(error)) => Err(error),
            None => encoder.finish().map_err(axum::Error::new),
        };
        async { Some(encoded) }
    });
    Response::from_parts(parts, Body::from_stream(encoded))
}

fn prepend(response: Response, prefix: &'static [u8]) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let prefix = stream::once(async move { Ok(Bytes::from_static(prefix)) });
    Response::from_parts(parts, Body::from_stream(prefix.chain(body.into_data_stream())))
}

impl Encoder {
    fn new(compression: Compression) -> Self {
        let level = flate2::Compression::default();
        match compression {
            Compression::Gzip | Compression::UnannouncedGzip => Self::Gzip(GzEncoder::new(Vec::new(), level)),
            Compression::Deflate => Self::Zlib(ZlibEncoder::new(Vec::new(), level)),
            Compression::Brotli => Self::Brotli(BrotliEncoder::default()),
        }
    }

    /// Compresses a piece so that the client can decode it at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        match self {
            Self::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
            Self::Zlib(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
            Self::Brotli(encoder) => Ok(encoder.write(bytes)),
        }
    }

    /// The end of the compressed body.
    fn finish(&mut self) -> io::Result<Bytes> {
        match self {
            Self::Gzip(encoder) => {
                encoder.try_finish()?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
            Self::Zlib(encoder) => {
                encoder.try_finish()?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
            Self::Brotli(encoder) => Ok(encoder.finish()),
        }
    }
}
