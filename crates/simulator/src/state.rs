//! What all requests share.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::media::store::VideoStore;
use crate::stats::counters::Counters;
use crate::videos::generations::Generations;

/// State of one simulator, shared by all requests.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) config: Config,
    /// Address of this server, without a trailing slash.
    pub(crate) url: String,
    pub(crate) counters: Arc<Counters>,
    /// Videos that can be downloaded.
    pub(crate) videos: VideoStore,
    /// Generations of the `videos` dialect.
    pub(crate) generations: Generations,
    /// Cancelled when the server stops; open streams end on it.
    pub(crate) stopping: CancellationToken,
}

impl AppState {
    /// State of a server that is reachable at `url`.
    pub(crate) fn new(config: Config, url: String) -> Self {
        Self {
            config,
            url,
            counters: Arc::new(Counters::new()),
            videos: VideoStore::new(),
            generations: Generations::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// The address under which the client reached this server, so that it can reach the video the same way.
    pub(crate) fn base_url(&self, headers: &HeaderMap) -> String {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        host.map_or_else(|| self.url.clone(), |host| format!("http://{host}"))
    }

    /// The `chat` endpoint.
    pub(crate) fn chat_url(&self) -> String {
        format!("{}/v1/chat/completions", self.url)
    }

    /// The `videos` endpoint.
    pub(crate) fn videos_url(&self) -> String {
        format!("{}/v1/videos", self.url)
    }
}
