//! How create requests, polls and deletions are answered in the `videos` dialect.

/// How create requests, polls and deletions are answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VideosPlan {
    /// Body format that is refused with 415.
    pub(crate) refused_format: Option<BodyFormat>,
    /// The id contains characters that must be encoded in a path.
    pub(crate) odd_id: bool,
    /// The first so many polls are answered 500 …
    pub(crate) polls_500: u64,
    /// … the next so many 429 …
    pub(crate) polls_429: u64,
    /// … and the next so many 404.
    pub(crate) polls_404: u64,
    pub(crate) status_style: StatusStyle,
    /// DELETE does not stop a running generation.
    pub(crate) cancel_ignored: bool,
}

/// Format of a create request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    Multipart,
    Json,
}

/// Which status words are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StatusStyle {
    /// Those of the specification.
    #[default]
    Standard,
    /// Those of other servers.
    Synonyms,
    /// An unknown word while the generation runs.
    Unknown,
}
