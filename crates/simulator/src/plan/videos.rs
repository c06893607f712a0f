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
    /// Number of servers behind the address that answer polls in turn; only the last of them knows the generation.
    pub(crate) replicas: u64,
    pub(crate) status_style: StatusStyle,
    /// The status word of the final state.
    pub(crate) final_status: Option<&'static str>,
    pub(crate) envelope: Envelope,
    /// Every object holds an error with empty fields.
    pub(crate) empty_error: bool,
    /// `progress` is a string with a percent sign.
    pub(crate) progress_text: bool,
    /// Create requests are answered 202.
    pub(crate) accepted_202: bool,
    /// DELETE does not stop a running generation.
    pub(crate) cancel_ignored: bool,
}

/// Where an answer holds the id, the status and the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// At the top level, as the flavour does.
    #[default]
    Standard,
    /// Create is answered with an empty `id` and the id as `task_id`.
    EmptyId,
    /// `id` is a number.
    NumericId,
    /// `video_id` in place of `id`.
    VideoId,
    /// `request_id` in place of `id`; the result is `video.url`.
    RequestId,
    /// `{"code", "msg", "data": {"taskId", "state", "resultJson"}}`.
    TaskIdInData,
    /// `{"request_id", "output": {"task_id", "task_status", "video_url"}}`; `request_id` is not the id.
    TaskIdInOutput,
    /// `data.videos[].url`, beside `id` and `status`.
    VideosInData,
    /// new-api: `{"code", "message", "data": {"task_id", "status", "progress", "fail_reason"}}`; `fail_reason` holds
    /// the URL of the result.
    NewApiTask,
    /// The object in `data`, beside a `status` of the HTTP request.
    OuterStatus,
    /// The object in `data`.
    Data,
    /// The object in `data[0]`.
    DataList,
    /// The object in `task`.
    Task,
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
