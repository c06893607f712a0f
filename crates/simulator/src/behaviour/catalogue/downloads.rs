//! Behaviours of downloads.

use super::MAX_COUNT;
use crate::behaviour::definition::Definition;
use crate::plan::download::{Container, DownloadFault, Redirect, Segments, UrlTarget};

pub(super) static DOWNLOADS: &[Definition] = &[
    Definition::flag("url-404-then-ok", "url-404=2", |plan| plan.download.add_fault(DownloadFault::NotFound, Some(2))),
    Definition::number("url-404=N", "the first N downloads are answered 404", 1..=MAX_COUNT, |plan, downloads| {
        plan.download.add_fault(DownloadFault::NotFound, Some(downloads));
    }),
    Definition::download("url-expired", "downloads are answered 403", DownloadFault::Expired),
    Definition::download("url-gone", "downloads are answered 410", DownloadFault::Gone),
    Definition::download("url-html", "an HTML page with status 200", DownloadFault::Html),
    Definition::download("url-json", "an error object with status 200", DownloadFault::Json),
    Definition::download("url-empty", "an empty body", DownloadFault::Empty),
    Definition::download("truncated-file", "the download breaks off half-way; ranges work", DownloadFault::Truncated),
    Definition::download("truncated-clean", "chunked, ends normally after two thirds", DownloadFault::TruncatedCleanly),
    Definition::download("partial-206", "206 with the whole file", DownloadFault::Partial),
    Definition::download("file-gzip", "the file with `Content-Encoding: gzip`", DownloadFault::Gzip),
    Definition::download("audio", "an audio file", DownloadFault::Audio),
    Definition::download("picture", "an AVIF image", DownloadFault::Picture),
    Definition::flag("octet-stream", "the media type is application/octet-stream", |plan| {
        plan.download.octet_stream = true;
    }),
    Definition::flag("quicktime", "QuickTime without `ftyp`", |plan| plan.download.container = Container::QuickTime),
    Definition::flag("fragmented", "fragmented MP4", |plan| plan.download.container = Container::FragmentedMp4),
    Definition::flag("webm", "WebM", |plan| plan.download.container = Container::WebM),
    Definition::flag("hls", "an HLS playlist with two segments", |plan| {
        plan.download.container = Container::Hls(Segments::Here);
    }),
    Definition::flag("hls-missing-segment", "hls; the second segment is 404", |plan| {
        plan.download.container = Container::Hls(Segments::Missing);
    }),
    Definition::flag("hls-private", "hls; the second segment is at 169.254.169.254", |plan| {
        plan.download.container = Container::Hls(Segments::Metadata);
    }),
    Definition::flag("no-range", "`Range` is ignored", |plan| plan.download.no_range = true),
    Definition::number("huge-file=MB", "a file of MB MiB", 1..=65_536, |plan, size| {
        plan.download.megabytes = Some(size);
    }),
    Definition::flag("url-private", "the URL points to 127.0.0.1:1", |plan| {
        plan.download.target = UrlTarget::Loopback;
    }),
    Definition::flag("url-metadata", "the URL points to 169.254.169.254", |plan| {
        plan.download.target = UrlTarget::Metadata;
    }),
    Definition::flag("url-redirect", "302 to the file", |plan| plan.download.redirect = Redirect::File),
    Definition::flag("url-redirect-private", "302 to 169.254.169.254", |plan| {
        plan.download.redirect = Redirect::Metadata;
    }),
];
