//! What a client finds when it downloads a result.

/// What is wrong with a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownloadFault {
    /// 404.
    NotFound,
    /// 403: the URL has expired.
    Expired,
    /// 410.
    Gone,
    /// An HTML page with status 200.
    Html,
    /// An error object with status 200.
    Json,
    /// An empty body.
    Empty,
    /// `Content-Length` announces the whole file, and half of it is sent.
    Truncated,
    /// A chunked response that ends normally after two thirds; the file's index comes last.
    TruncatedCleanly,
    /// 206 with the whole file.
    Partial,
    /// The file compressed, with `Content-Encoding: gzip`.
    Gzip,
    /// An audio file.
    Audio,
    /// An image file.
    Picture,
}

/// Where the URL of a result points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UrlTarget {
    /// To this server.
    #[default]
    Here,
    /// To a closed port on the client's own machine.
    Loopback,
    /// To a cloud's instance metadata service.
    Metadata,
}

/// Path and query of the URL of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UrlPath {
    /// `/media/{id}.mp4`.
    #[default]
    Plain,
    /// With a signature in the query.
    Signed,
    /// `/media/{id}%2Fraw`, with a signature in the query.
    Raw,
    /// With brackets in the file name.
    Brackets,
}

/// Format of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Container {
    #[default]
    Mp4,
    /// QuickTime without a `ftyp` box.
    QuickTime,
    FragmentedMp4,
    WebM,
    /// An HLS playlist with two segments.
    Hls(Segments),
}

/// Where the second segment of an HLS playlist is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Segments {
    /// On this server.
    #[default]
    Here,
    /// Nowhere: 404.
    Missing,
    /// At [`UrlTarget::Metadata`].
    Metadata,
}

/// What precedes the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Redirect {
    #[default]
    None,
    /// 302 to the file.
    File,
    /// 302 to [`UrlTarget::Metadata`].
    Metadata,
    /// JSON with the URL of the file.
    Json,
    /// JSON with the URL of [`UrlTarget::Metadata`].
    JsonMetadata,
}

/// What a client finds when it downloads a result.
#[derive(Clone, Debug, Default)]
pub(crate) struct DownloadPlan {
    pub(crate) target: UrlTarget,
    pub(crate) path: UrlPath,
    pub(crate) container: Container,
    /// The media type is `application/octet-stream`.
    pub(crate) octet_stream: bool,
    pub(crate) redirect: Redirect,
    /// `Range` is ignored.
    pub(crate) no_range: bool,
    /// Size of the file, in MiB.
    pub(crate) megabytes: Option<u64>,
    /// Each fault applies to the first so many downloads, or to all. Those of tags precede those of flags.
    faults: Vec<(DownloadFault, Option<u64>)>,
    next: usize,
}

impl DownloadPlan {
    /// Adds a fault for the first so many downloads, or for all.
    pub(crate) fn add_fault(&mut self, fault: DownloadFault, first: Option<u64>) {
        // Of two faults without a count, the later one applies.
        let at = if first.is_some() { self.next } else { 0 };
        self.faults.insert(at, (fault, first));
        self.next += 1;
    }

    /// Gives faults added from now on precedence over those already present.
    pub(crate) fn begin_overrides(&mut self) {
        self.next = 0;
    }

    /// Whether any download has this fault.
    pub(crate) fn has(&self, fault: DownloadFault) -> bool {
        self.faults.iter().any(|(added, _)| *added == fault)
    }

    /// The fault of the `nth` download, counted from 1. Counted faults have precedence, the first one added wins.
    pub(crate) fn fault(&self, nth: u64) -> Option<DownloadFault> {
        let counted = self.faults.iter().find(|(_, first)| first.is_some_and(|first| nth <= first));
        counted.or_else(|| self.faults.iter().find(|(_, first)| first.is_none())).map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_faults_end_and_tags_override_flags() {
        let mut plan = DownloadPlan::default();
        plan.add_fault(DownloadFault::Html, None);
        plan.add_fault(DownloadFault::Gone, Some(4));
        plan.begin_overrides();
        plan.add_fault(DownloadFault::NotFound, Some(1));
        plan.add_fault(DownloadFault::Truncated, Some(2));
        plan.add_fault(DownloadFault::Json, None);
        let faults = [1, 2, 3, 4, 5].map(|nth| plan.fault(nth).unwrap());
        let expected = [
            DownloadFault::NotFound,
            DownloadFault::Truncated,
            DownloadFault::Gone,
            DownloadFault::Gone,
            DownloadFault::Json,
        ];
        assert_eq!(faults, expected);
    }
}
