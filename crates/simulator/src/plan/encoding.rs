//! How responses are encoded, downloads excepted.

/// How responses are encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EncodingPlan {
    pub(crate) compression: Option<Compression>,
    /// The body starts with a UTF-8 byte order mark.
    pub(crate) byte_order_mark: bool,
    /// JSON is indented and sent as `text/plain`.
    pub(crate) plain_text: bool,
    /// `chat`: one JSON object in place of a stream.
    pub(crate) json_answer: Option<JsonAnswer>,
}

/// Compression of a body, sent whether or not the client accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    /// gzip without `Content-Encoding`.
    UnannouncedGzip,
    /// The zlib format.
    Deflate,
    Brotli,
}

/// Where a JSON answer holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonAnswer {
    /// In `choices[0].message`.
    Message,
    /// In `choices[0].delta`.
    Delta,
}
