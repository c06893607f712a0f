//! The result of a generation, and how each of its downloads is answered.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use super::clip::Clip;
use super::companion;
use super::delivery::{deliver, deliver_as_partial, deliver_two_thirds};
use super::file::File;
use crate::http::encoding::compress;
use crate::http::injected_error::{INTERNAL, page};
use crate::plan::download::{Container, DownloadFault, DownloadPlan, Redirect, Segments, UrlPath, UrlTarget};
use crate::plan::encoding::Compression;
use crate::stats::counters::{Counters, StatsKey};

/// A cloud's instance metadata service.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/";
/// Query of [`UrlPath::Signed`].
const SIGNED_QUERY: &str = "a=1&sig=x%2By&exp=9";
/// Query of [`UrlPath::Raw`].
const RAW_QUERY: &str = "se=1&sig=q";

/// The result of a generation.
#[derive(Debug)]
pub(crate) struct Video {
    id: Uuid,
    clip: &'static Clip,
    stats_key: StatsKey,
    plan: DownloadPlan,
    downloads: AtomicU64,
}

impl Video {
    /// A result whose downloads follow this plan.
    pub(crate) fn new(id: Uuid, clip: &'static Clip, stats_key: StatsKey, plan: DownloadPlan) -> Self {
        Self { id, clip, stats_key, plan, downloads: AtomicU64::new(0) }
    }

    /// The key its downloads are counted under.
    pub(crate) fn stats_key(&self) -> &StatsKey {
        &self.stats_key
    }

    /// The id in its URL.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Its URL on the server at `base`.
    pub(crate) fn url(&self, base: &str) -> String {
        match self.plan.target {
            UrlTarget::Here => format!("{base}{}", self.path()),
            UrlTarget::Loopback => format!("http://127.0.0.1:1/media/{}.mp4", self.id),
            UrlTarget::Metadata => format!("{METADATA}{}.mp4", self.id),
        }
    }

    /// URL of a file beside it, on the server at `base`.
    pub(crate) fn companion_url(&self, base: &str, name: &str) -> String {
        format!("{base}/media/{}/{name}", self.id)
    }

    /// Answers a GET or a HEAD of the content endpoint. If the video's URL points elsewhere, redirects there.
    pub(crate) fn respond(&self, counters: &Counters, base: &str, method: &Method, headers: &HeaderMap) -> Response {
        match self.plan.target {
            UrlTarget::Here => self.respond_at_url(counters, base, method, headers),
            UrlTarget::Loopback | UrlTarget::Metadata => self.redirect(counters, self.url(base), method),
        }
    }

    /// Answers a GET or a HEAD of the video's own URL.
    pub(crate) fn respond_at_url(
        &self,
        counters: &Counters,
        base: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response {
        let file = || self.companion_url(base, "file.mp4");
        match self.plan.redirect {
            Redirect::None => self.serve(counters, method, headers),
            Redirect::File => found(file()),
            Redirect::Metadata => self.redirect(counters, METADATA.to_owned(), method),
            Redirect::Json => self.name_file(&file()),
            Redirect::JsonMetadata => self.name_file(METADATA),
        }
    }

    /// Sends the file or the fault that the plan has for this download.
    pub(crate) fn serve(&self, counters: &Counters, method: &Method, headers: &HeaderMap) -> Response {
        let before = if method == Method::GET {
            counters.record_download(&self.stats_key);
            self.downloads.fetch_add(1, Ordering::Relaxed)
        } else {
            self.downloads.load(Ordering::Relaxed)
        };
        let file = || File::new(self.clip, &self.plan);
        match self.plan.fault(before + 1) {
            Some(DownloadFault::NotFound) => (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
            Some(DownloadFault::Expired) => url_expired(),
            Some(DownloadFault::Gone) => (StatusCode::GONE, "Gone\n").into_response(),
            Some(DownloadFault::Html) => ([(CONTENT_TYPE, "text/html")], page("Just a moment...")).into_response(),
            Some(DownloadFault::Json) => Json(INTERNAL.error().frame()).into_response(),
            Some(DownloadFault::Empty) => ([(CONTENT_TYPE, "video/mp4")], Body::empty()).into_response(),
            Some(DownloadFault::Truncated) => deliver(&file(), headers, self.plan.no_range, true),
            Some(DownloadFault::TruncatedCleanly) => deliver_two_thirds(&file()),
            Some(DownloadFault::Partial) => deliver_as_partial(&file()),
            Some(DownloadFault::Gzip) => compress(deliver(&file(), &HeaderMap::new(), true, false), Compression::Gzip),
            Some(DownloadFault::Audio) => companion::audio(),
            Some(DownloadFault::Picture) => companion::picture(),
            None => match self.plan.container {
                Container::Hls(segments) => companion::playlist(&self.playlist_segments(segments)),
                _ => deliver(&file(), headers, self.plan.no_range, false),
            },
        }
    }

    /// Whether a request with this query is for the video's own URL: the signature must be unchanged.
    pub(crate) fn accepts_query(&self, query: Option<&str>) -> bool {
        match self.plan.path {
            UrlPath::Plain | UrlPath::Brackets => true,
            UrlPath::Signed => query == Some(SIGNED_QUERY),
            UrlPath::Raw => query == Some(RAW_QUERY),
        }
    }

    fn path(&self) -> String {
        let id = self.id;
        match (self.plan.path, self.plan.container) {
            (UrlPath::Signed, _) => format!("/media/{id}.mp4?{SIGNED_QUERY}"),
            (UrlPath::Raw, _) => format!("/media/{id}%2Fraw?{RAW_QUERY}"),
            (UrlPath::Brackets, _) => format!("/media/{id}/v(1).mp4"),
            (UrlPath::Plain, Container::Hls(_)) => format!("/media/{id}/index.m3u8"),
            (UrlPath::Plain, Container::WebM) => format!("/media/{id}/video.webm"),
            (UrlPath::Plain, Container::QuickTime) => format!("/media/{id}/video.mov"),
            (UrlPath::Plain, Container::Mp4 | Container::FragmentedMp4) => format!("/media/{id}.mp4"),
        }
    }

    /// JSON that names the file in place of the file.
    fn name_file(&self, url: &str) -> Response {
        let object = json!({"id": self.id, "object": "video", "status": "completed", "url": url, "video_url": url});
        Json(object).into_response()
    }

    /// URLs of the two segments of a playlist.
    fn playlist_segments(&self, segments: Segments) -> [String; 2] {
        let second = match segments {
            Segments::Here => self.companion_url("", "segment1.ts"),
            Segments::Missing => self.companion_url("", "segment2.ts"),
            Segments::Metadata => format!("{METADATA}segment1.ts"),
        };
        [self.companion_url("", "segment0.ts"), second]
    }

    /// Redirects away from this server. Counts as a download, since the client will not come back.
    fn redirect(&self, counters: &Counters, url: String, method: &Method) -> Response {
        if method == Method::GET {
            counters.record_download(&self.stats_key);
        }
        found(url)
    }
}

fn found(url: String) -> Response {
    (StatusCode::FOUND, [(LOCATION, url)]).into_response()
}

/// An object store's response to a signed URL that has expired or was altered.
pub(super) fn url_expired() -> Response {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "application/xml")], body).into_response()
}
