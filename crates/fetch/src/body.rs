//! The bytes of a file as they were sent: as many as announced, no more than allowed, and continued with `Range` requests
//! when a connection breaks or a server answers in parts.

use std::io;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use reqwest::{Response, header};

use crate::source::Source;
use crate::{Error, content_range};

/// Maximum number of connections that one download may use after its first.
const MAX_RESUMPTIONS: u32 = 100;

/// A body that is being read.
pub(crate) struct Body {
    source: Source,
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    /// Size of the whole file in bytes, if it was announced.
    announced: Option<u64>,
    /// An entity tag that shows that the file has not changed between two connections.
    validator: Option<String>,
    got: u64,
    max_bytes: u64,
    resumptions: u32,
    /// How much had come when the current connection began.
    connection_start: u64,
}

impl Body {
    /// The body of `response`, whose status is 200, or 206 with a range from 0.
    ///
    /// # Errors
    /// It announces more than `max_bytes`.
    pub(crate) fn new(source: Source, response: Response, max_bytes: u64) -> Result<Self, Error> {
        let announced = content_range(&response).map_or_else(|| response.content_length(), |(_, total)| Some(total));
        if announced.is_some_and(|length| length > max_bytes) {
            return Err(Error::TooLarge(max_bytes));
        }
        let validator = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let validator = validator.filter(|tag| !tag.starts_with("W/")).map(ToOwned::to_owned);
        let bytes = response.bytes_stream().boxed();
        Ok(Self { source, bytes, announced, validator, got: 0, max_bytes, resumptions: 0, connection_start: 0 })
    }

    /// All bytes. Each error wraps an [`Error`].
    pub(crate) fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        let next = async |mut body: Self| Ok(body.chunk().await?.map(|chunk| (chunk, body)));
        stream::try_unfold(self, next).map_err(|error: Error| io::Error::other(error)).boxed()
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
                Err(error) => error.into(),
            };
            self.resume(cut).await?;
        }
    }

    /// Opens another connection for the missing bytes, or fails with the error that ended the last one.
    async fn resume(&mut self, cut: Error) -> Result<(), Error> {
        let Some(announced) = self.announced.filter(|announced| self.got < *announced) else {
            return Err(cut);
        };
        if self.got == self.connection_start || self.resumptions == MAX_RESUMPTIONS {
            return Err(cut);
        }
        let (got, validator) = (self.got, self.validator.clone());
        let answer = self.source.open(|request| {
            let request = request.header(header::RANGE, format!("bytes={got}-"));
            validator.iter().fold(request, |request, tag| request.header(header::IF_RANGE, tag))
        });
        let response = answer.await.map_err(|_| Error::Truncated { got, announced })?;
        if response.status().as_u16() != 206 || content_range(&response) != Some((got, announced)) {
            return Err(cut);
        }
        tracing::debug!(got, announced, "continuing a download where it ended");
        (self.resumptions, self.connection_start) = (self.resumptions + 1, got);
        self.bytes = response.bytes_stream().boxed();
        Ok(())
    }
}
