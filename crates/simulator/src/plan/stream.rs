//! Peculiarities of a `chat` stream.

/// Peculiarities of a `chat` stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StreamPlan {
    /// A notice about failures precedes the progress.
    pub(crate) notice: bool,
    /// The prompt is repeated outside of a code fence.
    pub(crate) raw_echo: bool,
    /// One line is 2 MiB long.
    pub(crate) huge_line: bool,
    /// Some chunks have no choices.
    pub(crate) empty_choices: bool,
    pub(crate) done: DoneMarker,
    pub(crate) framing: Framing,
}

/// How `data: [DONE]` ends a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DoneMarker {
    #[default]
    Once,
    Twice,
    Never,
    /// Followed by the four characters `\n\n`, and no line end.
    Literal,
}

/// How server-sent events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    /// A comment precedes every step.
    pub(crate) pings: bool,
    /// Lines end in CR LF.
    pub(crate) crlf: bool,
    /// Characters outside ASCII are split across two writes.
    pub(crate) split_utf8: bool,
}
