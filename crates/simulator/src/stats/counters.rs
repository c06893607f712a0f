//! What was asked of this simulator, and what of it cost something.
//!
//! A *request* is a POST received; a *submission* is one answered 200 with a stream that began to generate, and is
//! entered before the answer leaves; a *download* is a GET of a video. Prompts are remembered by fingerprint, and
//! prompts, tags and videos in bounded number, the oldest forgotten first: see [`PROMPTS`], [`TAGS`], [`VIDEOS`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use uuid::Uuid;

use crate::bounded_map::Recent;
use crate::media::Video;
use crate::media::clip::fingerprint;

/// Prompts whose counts are remembered.
const PROMPTS: usize = 100_000;
/// Tags whose counts are remembered.
const TAGS: usize = 1_000;
/// Videos that can still be fetched.
const VIDEOS: usize = 100_000;

/// Requests, submissions and downloads of a prompt, of a tag, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// POSTs received.
    pub requests: u64,
    /// Requests that were accepted: each is a generation that a real upstream would charge for.
    pub submissions: u64,
    /// GETs of a video; ranges count each.
    pub downloads: u64,
    /// Requests that brought a reference image.
    pub images: u64,
    /// GETs of a generation's state, in the `videos` dialect.
    pub polls: u64,
    /// DELETEs that stopped a generation.
    pub cancels: u64,
}

/// All counts since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Everything. Requests turned away before their prompt was read (token, malformed body) count only here.
    #[serde(flatten)]
    pub total: Counts,
    /// Streams open now.
    pub streaming: u64,
    /// Most streams that were open at once.
    pub peak_streaming: u64,
    /// By the text of the tag, or `untagged`.
    pub by_tag: BTreeMap<String, Counts>,
}

/// Whom a count goes to.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The prompt's fingerprint.
    pub(crate) prompt: u64,
    /// The tag's label.
    pub(crate) tag: Arc<str>,
}

/// The books of one simulator.
#[derive(Debug)]
pub(crate) struct Ledger(Mutex<Books>);

/// Marks a stream as open until it is dropped.
#[derive(Debug)]
pub(crate) struct Streaming(Arc<Ledger>);

#[derive(Debug)]
struct Books {
    total: Counts,
    streaming: u64,
    peak_streaming: u64,
    prompts: Recent<u64, Counts>,
    tags: Recent<Arc<str>, Counts>,
    videos: Recent<Uuid, Option<Arc<Video>>>,
}

impl Ledger {
    /// Empty books.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Books {
            total: Counts::default(),
            streaming: 0,
            peak_streaming: 0,
            prompts: Recent::new(PROMPTS),
            tags: Recent::new(TAGS),
            videos: Recent::new(VIDEOS),
        }))
    }

    /// A POST has arrived; nothing is known of it yet.
    pub(crate) fn arrival(&self) {
        self.books().total.requests += 1;
    }

    /// The arrival turns out to be a request of this prompt: how many it makes.
    pub(crate) fn request(&self, origin: &Origin, image: bool) -> u64 {
        let mut books = self.books();
        books.total.images += u64::from(image);
        books.of(origin, |counts| {
            counts.requests += 1;
            counts.images += u64::from(image);
        });
        books.prompts.entry(origin.prompt).requests
    }

    /// The request is accepted, and will be answered without a stream.
    pub(crate) fn order(&self, origin: &Origin) {
        self.books().all(origin, |counts| counts.submissions += 1);
    }

    /// The request is accepted, and a stream opens.
    pub(crate) fn submission(self: &Arc<Self>, origin: &Origin) -> Streaming {
        let mut books = self.books();
        books.all(origin, |counts| counts.submissions += 1);
        books.streaming += 1;
        books.peak_streaming = books.peak_streaming.max(books.streaming);
        Streaming(Arc::clone(self))
    }

    /// A video can be fetched from now on.
    pub(crate) fn publish(&self, id: Uuid, video: &Arc<Video>) {
        *self.books().videos.entry(id) = Some(Arc::clone(video));
    }

    /// The video of this address.
    pub(crate) fn video(&self, id: Uuid) -> Option<Arc<Video>> {
        self.books().videos.get(&id).cloned().flatten()
    }

    /// A video is being fetched.
    pub(crate) fn download(&self, origin: &Origin) {
        self.books().all(origin, |counts| counts.downloads += 1);
    }

    /// Somebody asks how a generation goes; its origin is unknown when its id is.
    pub(crate) fn poll(&self, origin: Option<&Origin>) {
        let mut books = self.books();
        match origin {
            Some(origin) => books.all(origin, |counts| counts.polls += 1),
            None => books.total.polls += 1,
        }
    }

    /// A generation is stopped.
    pub(crate) fn cancel(&self, origin: &Origin) {
        self.books().all(origin, |counts| counts.cancels += 1);
    }

    /// All counts.
    pub(crate) fn stats(&self) -> Stats {
        let books = self.books();
        Stats {
            total: books.total,
            streaming: books.streaming,
            peak_streaming: books.peak_streaming,
            by_tag: books.tags.iter().map(|(tag, counts)| (tag.to_string(), *counts)).collect(),
        }
    }

    /// The counts of one prompt, character for character.
    pub(crate) fn stats_of(&self, prompt: &str) -> Counts {
        self.books().prompts.get(&fingerprint(prompt)).copied().unwrap_or_default()
    }

    /// Zeroes the counts. Videos stay, open streams go on.
    pub(crate) fn reset(&self) {
        let mut books = self.books();
        books.total = Counts::default();
        books.peak_streaming = books.streaming;
        books.prompts.clear();
        books.tags.clear();
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn all(&mut self, origin: &Origin, count: impl Fn(&mut Counts)) {
        count(&mut self.total);
        self.of(origin, count);
    }

    fn of(&mut self, origin: &Origin, count: impl Fn(&mut Counts)) {
        count(self.prompts.entry(origin.prompt));
        count(self.tags.entry(Arc::clone(&origin.tag)));
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.books().streaming -= 1;
    }
}
