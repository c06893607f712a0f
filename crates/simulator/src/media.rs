//! The video of a generation, whole or in part, as a CDN serves it, or spoilt as the plan wants it.
//!
//! An address works from the moment its stream has told it, and until [`crate::ledger`] forgets it.

pub(crate) mod clip;
mod file;
mod range;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LOCATION, RANGE,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use uuid::Uuid;

use self::file::File;
use crate::http::error::ApiError;
use crate::http::injected_error::{INTERNAL, page};
use crate::media::clip::Clip;
use crate::plan::download::{Address, Fault, FilePlan, Redirect};
use crate::planner::base_url;
use crate::server::Shared;
use crate::stats::counters::Origin;

/// Where clouds keep what only their machines may read.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/";

/// A result.
#[derive(Debug)]
pub(crate) struct Video {
    id: Uuid,
    clip: &'static Clip,
    origin: Origin,
    plan: FilePlan,
    downloads: AtomicU64,
}

impl Video {
    /// A result whose downloads go by this plan.
    pub(crate) fn new(id: Uuid, clip: &'static Clip, origin: Origin, plan: FilePlan) -> Self {
        Self { id, clip, origin, plan, downloads: AtomicU64::new(0) }
    }

    /// Whom its downloads count for.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The name that its address ends in.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Its address under the address of this server.
    pub(crate) fn url(&self, base: &str) -> String {
        match self.plan.address {
            Address::Here => format!("{base}/media/{}.mp4", self.id),
            Address::Loopback => format!("http://127.0.0.1:1/media/{}.mp4", self.id),
            Address::Metadata => format!("{METADATA}{}.mp4", self.id),
        }
    }

    /// Answers a GET or a HEAD for it, from anywhere but its own address.
    pub(crate) fn answer(&self, shared: &Shared, base: &str, method: &Method, headers: &HeaderMap) -> Response {
        match self.plan.address {
            Address::Here => self.at_address(shared, base, method, headers),
            Address::Loopback | Address::Metadata => self.redirect(shared, self.url(base), method),
        }
    }

    fn at_address(&self, shared: &Shared, base: &str, method: &Method, headers: &HeaderMap) -> Response {
        match self.plan.redirect {
            Redirect::None => self.serve(shared, method, headers),
            Redirect::File => found(format!("{base}/media/{}/file.mp4", self.id)),
            Redirect::Metadata => self.redirect(shared, METADATA.to_owned(), method),
        }
    }

    /// The last that is heard of a download.
    fn redirect(&self, shared: &Shared, address: String, method: &Method) -> Response {
        if method == Method::GET {
            shared.ledger.download(&self.origin);
        }
        found(address)
    }

    fn serve(&self, shared: &Shared, method: &Method, headers: &HeaderMap) -> Response {
        let before = if method == Method::GET {
            shared.ledger.download(&self.origin);
            self.downloads.fetch_add(1, Ordering::Relaxed)
        } else {
            self.downloads.load(Ordering::Relaxed)
        };
        let file = File::new(self.clip, self.plan.megabytes);
        let fault = self.plan.fault(before + 1);
        match fault {
            Some(Fault::NotFound) => (StatusCode::NOT_FOUND, "404 page not found\n").into_response(),
            Some(Fault::Expired) => denied(),
            Some(Fault::Gone) => (StatusCode::GONE, "Gone\n").into_response(),
            Some(Fault::Html) => ([(CONTENT_TYPE, "text/html")], page("Just a moment...")).into_response(),
            Some(Fault::Json) => axum::Json(INTERNAL.error().frame()).into_response(),
            Some(Fault::Empty) => ([(CONTENT_TYPE, "video/mp4")], Body::empty()).into_response(),
            Some(Fault::Truncated) => deliver(file, headers, self.plan.no_range, true),
            None => deliver(file, headers, self.plan.no_range, false),
        }
    }
}

/// `GET /media/{id}.mp4`, and HEAD.
pub(crate) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let video = find(&shared, name.strip_suffix(".mp4"))?;
    let base = base_url(&headers, &shared);
    Ok(video.at_address(&shared, &base, &method, &headers))
}

/// `GET /media/{id}/file.mp4`, and HEAD: where `url-redirect` leads.
pub(crate) async fn fetch_file(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Ok(find(&shared, Some(&id))?.serve(&shared, &method, &headers))
}

fn find(shared: &Shared, id: Option<&str>) -> Result<Arc<Video>, ApiError> {
    let video = id.and_then(|id| shared.ledger.video(id.parse().ok()?));
    video.ok_or_else(|| ApiError::invalid(StatusCode::NOT_FOUND, "No such video.").code("not_found"))
}

fn found(address: String) -> Response {
    (StatusCode::FOUND, [(LOCATION, address)]).into_response()
}

/// What object stores say about an address that was signed too long ago.
fn denied() -> Response {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "application/xml")], body).into_response()
}

/// The file or the part of it that is asked for; a whole one that is `truncated` breaks off in the middle.
fn deliver(file: File, headers: &HeaderMap, no_range: bool, truncated: bool) -> Response {
    let (length, tag) = (file.length(), file.tag());
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let ranges = if no_range { "none" } else { "bytes" };
    let common = [(ACCEPT_RANGES, ranges.to_owned()), (ETAG, tag.clone())];
    if header(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&tag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let wanted = header(RANGE).filter(|_| !no_range && header(IF_RANGE).is_none_or(|given| given == tag));
    let (status, range) = match wanted.and_then(|value| range::parse(value, length)) {
        None => (StatusCode::OK, 0..length),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let whole = [(CONTENT_RANGE, format!("bytes */{length}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, common, whole).into_response();
        }
    };
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| (CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1)));
    let about = [(CONTENT_TYPE, "video/mp4".to_owned()), (CONTENT_LENGTH, (range.end - range.start).to_string())];
    let body = if truncated && status == StatusCode::OK { file.broken(0..length / 2) } else { file.part(range) };
    (status, common, about, AppendHeaders(part), body).into_response()
}
