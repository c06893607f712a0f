//! Content encodings: reads gzip, deflate and brotli, although nothing asks for them.
//!
//! Proxies compress answers although the request says `Accept-Encoding: identity`, and some leave out the header that
//! says so. A gzip stream is therefore recognised by its first two bytes, whatever the header says.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder};
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryStreamExt};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zlib,
    Deflate,
    Brotli,
}

impl Coding {
    /// The coding of a body with this `Content-Encoding` that begins with `head`.
    fn detect(encoding: &str, head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A zlib header: method 8, and a checksum over both bytes. Some servers send bare deflate data instead.
            [a, b, ..] if encoding == "deflate" && a & 0x0f == 8 && u16::from_be_bytes([*a, *b]) % 31 == 0 => {
                Self::Zlib
            }
            _ if encoding == "deflate" => Self::Deflate,
            _ if encoding == "br" => Self::Brotli,
            _ => Self::Identity,
        }
    }
}

/// The decoded content of a body. `encoding` is the value of its `Content-Encoding` header, empty if there is none.
pub fn decoded(
    encoding: &str,
    bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let (encoding, mut bytes) = (encoding.trim().to_ascii_lowercase(), bytes.boxed());
    let begun = async move {
        let (mut read, mut head) = (Vec::new(), Vec::new());
        while head.len() < 2
            && let Some(chunk) = bytes.next().await
        {
            head.extend(chunk.iter().flatten().copied());
            read.push(chunk);
        }
        let coding = Coding::detect(&encoding, &head);
        let whole = stream::iter(read).chain(bytes);
        match coding {
            Coding::Identity => whole.boxed(),
            coding => decompressed(coding, whole),
        }
    };
    stream::once(begun).flatten().boxed()
}

fn decompressed(
    coding: Coding,
    bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let reader = StreamReader::new(bytes.try_filter(|chunk| std::future::ready(!chunk.is_empty())).boxed());
    let decoder: Box<dyn AsyncRead + Send + Unpin> = match coding {
        Coding::Zlib => Box::new(ZlibDecoder::new(reader)),
        Coding::Deflate => Box::new(DeflateDecoder::new(reader)),
        Coding::Brotli => Box::new(BrotliDecoder::new(reader)),
        Coding::Gzip | Coding::Identity => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
    };
    ReaderStream::new(decoder).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_compression::tokio::bufread::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder};
    use tokio::io::AsyncReadExt;

    const TEXT: &[u8] = b"data: {\"choices\": []}\n\n";

    async fn encoded(coding: Coding) -> Vec<u8> {
        let mut bytes = Vec::new();
        match coding {
            Coding::Identity => bytes.extend_from_slice(TEXT),
            Coding::Gzip => drop(GzipEncoder::new(TEXT).read_to_end(&mut bytes).await.unwrap()),
            Coding::Zlib => drop(ZlibEncoder::new(TEXT).read_to_end(&mut bytes).await.unwrap()),
            Coding::Deflate => drop(DeflateEncoder::new(TEXT).read_to_end(&mut bytes).await.unwrap()),
            Coding::Brotli => drop(BrotliEncoder::new(TEXT).read_to_end(&mut bytes).await.unwrap()),
        }
        bytes
    }

    async fn read(encoding: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let chunks: Vec<_> = bytes.chunks(1).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let chunks: Vec<Bytes> = decoded(encoding, stream::iter(chunks)).try_collect().await?;
        Ok(chunks.concat())
    }

    #[tokio::test]
    async fn reads_every_coding_announced_or_not() {
        for (encoding, coding) in [
            ("", Coding::Identity),
            ("identity", Coding::Identity),
            ("gzip", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("", Coding::Gzip),
            ("br", Coding::Brotli),
            ("Deflate", Coding::Zlib),
            ("deflate", Coding::Deflate),
        ] {
            assert_eq!(read(encoding, &encoded(coding).await).await.unwrap(), TEXT, "{encoding}: {coding:?}");
        }
        assert_eq!(read("", b"").await.unwrap(), b"");
    }

    #[tokio::test]
    async fn a_compressed_body_that_is_cut_is_an_error() {
        let whole = encoded(Coding::Gzip).await;
        assert!(read("gzip", &whole[..whole.len() - 6]).await.is_err());
    }
}
