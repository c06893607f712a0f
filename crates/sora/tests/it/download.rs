//! Downloads as the processor makes them: candidates in turn, until one is a complete video.

use fetch::{Error, Fetcher, Origin, Rules};
use futures::TryStreamExt;
use sora::{Candidate, Event, Failure, rank};
use url::Url;

/// A client that may fetch from the origin `base`.
pub(crate) fn fetcher(base: &Url) -> Fetcher {
    let allowed = vec![Origin::of(base).unwrap()];
    Fetcher::new(Rules { allowed, max_bytes: 10 << 20, named_in_json: sora::result_urls, credential: None }).unwrap()
}

/// The first candidate that is a complete video, or why the last one is not.
async fn download(fetcher: &Fetcher, candidates: Vec<Candidate>) -> Result<Url, String> {
    let mut last = "no candidate".to_owned();
    for candidate in rank(candidates) {
        match fetched(fetcher, &candidate.url).await {
            Ok(()) => return Ok(candidate.url),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

async fn fetched(fetcher: &Fetcher, url: &Url) -> Result<(), Error> {
    match fetcher.get(url).await {
        Ok(download) => download.bytes.try_for_each(|_| std::future::ready(Ok(()))).await,
        Err(Error::Playlist(playlist)) => {
            let directory = tempfile::tempdir().unwrap();
            fetcher.playlist(&playlist, directory.path()).await.map(drop)
        }
        Err(error) => Err(error),
    }
}

/// How a generation ended: `completed ADDRESS`, `unfetchable WHY` or `failed OUTCOME REASON`.
pub(crate) async fn outcome(fetcher: &Fetcher, events: Vec<Event>, failure: Option<Failure>) -> String {
    if let Some(failure) = failure {
        assert!(failure.evidence.is_some(), "{failure}");
        return format!("failed {} {}", failure.outcome.name(), failure.reason.unwrap_or(failure.detail));
    }
    let candidates = events.into_iter().filter_map(|event| match event {
        Event::Candidate(candidate) => Some(candidate),
        _ => None,
    });
    match download(fetcher, candidates.collect()).await {
        Ok(url) => format!("completed {}", &url[url::Position::BeforePath..]),
        Err(error) => format!("unfetchable {error}"),
    }
}
