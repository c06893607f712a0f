//! How the upstream announces the result of a successful generation.

/// How the result is announced.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResultPlan {
    pub(crate) presentation: Presentation,
    /// Field that holds the URL, see [`crate::result_field`]. In `chat` it replaces the text.
    pub(crate) field: Option<&'static str>,
    /// The field holds the URL while the generation still runs.
    pub(crate) early: bool,
    /// The content endpoint of `videos` does not exist.
    pub(crate) no_content: bool,
}

/// How a `chat` stream presents the URL of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presentation {
    /// As the variant does.
    #[default]
    Standard,
    /// `<video poster=…><source src=…></video>`.
    PosterTag,
    /// `<source src=…>`, HTML-escaped.
    SourceTag,
    /// `<source src=…>` with a path only.
    RelativeLink,
    /// `<source src=…>` without a scheme.
    ProtocolRelativeLink,
    /// `[click here](URL)` in an English sentence.
    ClickHere,
    /// The URL at the end of a Chinese sentence.
    Prose,
    /// `**[…](URL)**`.
    Bold,
    /// A `<video>` element in a fence that opens and closes on the same line.
    OneLineFence,
    /// Chunks without line ends.
    NoLineEnds,
    /// The URL alone.
    Bare,
    /// The URL followed by full-width punctuation.
    Punctuated,
    /// `<URL>`.
    Angle,
    /// In `reasoning_content` only.
    Reasoning,
    /// After a link to a page about the task.
    PageFirst,
    /// After a cover image.
    CoverFirst,
    /// After a link to a preview that does not exist.
    PreviewFirst,
    /// Not at all: the only link leads to a page.
    PageOnly,
    /// As a part of type `video_url`.
    Parts,
}

impl Presentation {
    /// Whether the stream consists of little more than the result: no echo of the prompt and no queue lines.
    pub(crate) fn is_terse(self) -> bool {
        !matches!(
            self,
            Self::Standard
                | Self::Punctuated
                | Self::Reasoning
                | Self::PageFirst
                | Self::CoverFirst
                | Self::PreviewFirst
                | Self::PageOnly
        )
    }
}
