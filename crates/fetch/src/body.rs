//! The bytes of a video: as many as announced, no more than allowed, and fetched on by `Range` when they are cut.

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use reqwest::{Response, header};

use crate::{Error, Source};

/// Most connections that one download may take after its first.
const MAX_RESUMPTIONS: u32 = 20;

/// A body on its way.
pub(crate) struct Body {
    source: Source,
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    /// Size of the whole file, if it was announced.
    announced: Option<u64>,
    /// What tells that the file is still the same.
    validator: Option<String>,
    got: u64,
    max_bytes: u64,
    resumptions: u32,
    /// How much had come when the current connection began.
    began_at: u64,
}

impl Body {
    /// The body of `response`.
    ///
    /// # Errors
    /// It announces more than is allowed.
    pub(crate) fn new(source: Source, response: Response, max_bytes: u64) -> Result<Self, Error> {
        let announced = response.content_length();
        if announced.is_some_and(|length| length > max_bytes) {
            return Err(Error::TooLarge(max_bytes));
        }
        let validator = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let validator = validator.filter(|tag| !tag.starts_with("W/")).map(ToOwned::to_owned);
        let bytes = response.bytes_stream().boxed();
        Ok(Self { source, bytes, announced, validator, got: 0, max_bytes, resumptions: 0, began_at: 0 })
    }

    /// At least the first `least` bytes, unless there are fewer.
    pub(crate) async fn head(&mut self, least: usize) -> Result<Bytes, Error> {
        let mut head = Vec::new();
        while head.len() < least
            && let Some(chunk) = self.chunk().await?
        {
            head.extend_from_slice(&chunk);
        }
        Ok(head.into())
    }

    /// All bytes, of which `head` has been taken.
    pub(crate) fn after(self, head: Bytes) -> BoxStream<'static, Result<Bytes, Error>> {
        let rest = stream::try_unfold(self, async |mut body| Ok(body.chunk().await?.map(|chunk| (chunk, body))));
        stream::iter([Ok(head)]).chain(rest).boxed()
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let cut = match self.bytes.try_next().await {
                Ok(Some(chunk)) => {
                    self.got += chunk.len() as u64;
                    return if self.got > self.max_bytes {
                        Err(Error::TooLarge(self.max_bytes))
                    } else {
                        Ok(Some(chunk))
                    };
                }
                Ok(None) => match self.announced.filter(|announced| *announced != self.got) {
                    Some(announced) => Error::Truncated { got: self.got, announced },
                    None => return Ok(None),
                },
                Err(error) => Error::Transport(error),
            };
            self.resume(cut).await?;
        }
    }

    /// Opens another connection for what is missing, or fails with what has cut the last one.
    async fn resume(&mut self, cut: Error) -> Result<(), Error> {
        let Some(announced) = self.announced.filter(|announced| self.got < *announced) else {
            return Err(cut);
        };
        if self.got == self.began_at || self.resumptions == MAX_RESUMPTIONS {
            return Err(cut);
        }
        let (got, validator) = (self.got, self.validator.clone());
        let answer = self.source.open(|request| {
            let request = request.header(header::RANGE, format!("bytes={got}-"));
            validator.iter().fold(request, |request, tag| request.header(header::IF_RANGE, tag))
        });
        let response = answer.await.map_err(|_| Error::Truncated { got, announced })?;
        if response.status().as_u16() != 206 || !continues(&response, got, announced) {
            return Err(cut);
        }
        tracing::info!(got, announced, "a download was cut and goes on");
        (self.resumptions, self.began_at) = (self.resumptions + 1, got);
        self.bytes = response.bytes_stream().boxed();
        Ok(())
    }
}

/// Whether an answer holds the rest of the same file: `Content-Range: bytes GOT-LAST/ANNOUNCED`.
fn continues(response: &Response, got: u64, announced: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range == format!("bytes {got}-{}/{announced}", announced - 1))
}
