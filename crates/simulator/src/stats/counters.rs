//! Counts of everything the simulator received, in total, by prompt and by tag.
//!
//! A *request* is a POST received; a *submission* is a request that was accepted, counted before its response is sent; a
//! *download* is a GET of a video. Prompts are stored as hashes. The number of prompts and tags is bounded, the oldest
//! are dropped first: see [`MAX_PROMPTS`] and [`MAX_TAGS`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::bounded_map::BoundedMap;

/// Maximum number of prompts with counts of their own.
const MAX_PROMPTS: usize = 100_000;
/// Maximum number of tags with counts of their own.
const MAX_TAGS: usize = 1_000;

/// Counts of one prompt, of one tag, or of all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// POSTs received.
    pub requests: u64,
    /// Requests that were accepted. A real upstream would charge for each.
    pub submissions: u64,
    /// GETs of a video; every range request counts.
    pub downloads: u64,
    /// Requests that carried a reference image.
    pub images: u64,
    /// GETs of a video object, in the `videos` dialect.
    pub polls: u64,
    /// DELETEs that stopped a generation.
    pub cancels: u64,
}

/// All counts since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Totals. Requests rejected before their prompt was read (wrong token, malformed body) count only here.
    #[serde(flatten)]
    pub total: Counts,
    /// Streams that are open now.
    pub streaming: u64,
    /// Largest number of streams that were open at the same time.
    pub peak_streaming: u64,
    /// Counts by the text of the tag, or `untagged`.
    pub by_tag: BTreeMap<String, Counts>,
}

/// The prompt and the tag that a request is counted under.
#[derive(Clone, Debug)]
pub(crate) struct StatsKey {
    /// Hash of the prompt.
    pub(crate) prompt: u64,
    /// Text of the tag.
    pub(crate) tag: Arc<str>,
}

/// The counters of one simulator.
#[derive(Debug)]
pub(crate) struct Counters(Mutex<Inner>);

/// Counts a stream as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenStream(Arc<Counters>);

#[derive(Debug)]
struct Inner {
    total: Counts,
    streaming: u64,
    peak_streaming: u64,
    prompts: BoundedMap<u64, Counts>,
    tags: BoundedMap<Arc<str>, Counts>,
}

impl StatsKey {
    /// The key of a request with this prompt and this tag.
    pub(crate) fn new(prompt: &str, tag: &str) -> Self {
        Self { prompt: prompt_hash(prompt), tag: tag.into() }
    }
}

impl Counters {
    /// All counts at zero.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner {
            total: Counts::default(),
            streaming: 0,
            peak_streaming: 0,
            prompts: BoundedMap::new(MAX_PROMPTS),
            tags: BoundedMap::new(MAX_TAGS),
        }))
    }

    /// Counts a POST in the totals, before its prompt is known.
    pub(crate) fn record_arrival(&self) {
        self.lock().total.requests += 1;
    }

    /// Counts an arrived POST under its prompt and tag. Returns the number of requests with this prompt so far.
    pub(crate) fn record_request(&self, key: &StatsKey, image: bool) -> u64 {
        let mut inner = self.lock();
        inner.total.images += u64::from(image);
        inner.update_keyed(key, |counts| {
            counts.requests += 1;
            counts.images += u64::from(image);
        });
        inner.prompts.entry(key.prompt).requests
    }

    /// Counts an accepted request that is not answered by a stream.
    pub(crate) fn record_submission(&self, key: &StatsKey) {
        self.lock().update(key, |counts| counts.submissions += 1);
    }

    /// Counts an accepted request, and its stream as open until the returned guard is dropped.
    pub(crate) fn open_stream(self: &Arc<Self>, key: &StatsKey) -> OpenStream {
        let mut inner = self.lock();
        inner.update(key, |counts| counts.submissions += 1);
        inner.streaming += 1;
        inner.peak_streaming = inner.peak_streaming.max(inner.streaming);
        OpenStream(Arc::clone(self))
    }

    /// Counts a download.
    pub(crate) fn record_download(&self, key: &StatsKey) {
        self.lock().update(key, |counts| counts.downloads += 1);
    }

    /// Counts a poll; one of an unknown id counts in the totals only.
    pub(crate) fn record_poll(&self, key: Option<&StatsKey>) {
        let mut inner = self.lock();
        match key {
            Some(key) => inner.update(key, |counts| counts.polls += 1),
            None => inner.total.polls += 1,
        }
    }

    /// Counts a DELETE that stopped a generation.
    pub(crate) fn record_cancel(&self, key: &StatsKey) {
        self.lock().update(key, |counts| counts.cancels += 1);
    }

    /// All counts.
    pub(crate) fn stats(&self) -> Stats {
        let inner = self.lock();
        Stats {
            total: inner.total,
            streaming: inner.streaming,
            peak_streaming: inner.peak_streaming,
            by_tag: inner.tags.iter().map(|(tag, counts)| (tag.to_string(), *counts)).collect(),
        }
    }

    /// Counts of the requests with exactly this prompt.
    pub(crate) fn stats_of(&self, prompt: &str) -> Counts {
        self.lock().prompts.get(&prompt_hash(prompt)).copied().unwrap_or_default()
    }

    /// Zeroes the counts. Open streams stay open and counted as such.
    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        inner.total = Counts::default();
        inner.peak_streaming = inner.streaming;
        inner.prompts.clear();
        inner.tags.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn update(&mut self, key: &StatsKey, count: impl Fn(&mut Counts)) {
        count(&mut self.total);
        self.update_keyed(key, count);
    }

    fn update_keyed(&mut self, key: &StatsKey, count: impl Fn(&mut Counts)) {
        count(self.prompts.entry(key.prompt));
        count(self.tags.entry(Arc::clone(&key.tag)));
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.lock().streaming -= 1;
    }
}

/// Hash of a prompt (64-bit FNV-1a): the same in every build, and all that is stored of a prompt.
fn prompt_hash(prompt: &str) -> u64 {
    prompt.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
