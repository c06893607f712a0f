//! Where the result of a generation might be. The upstream's answers are read for every such place, and the download
//! decides which of them holds a video.

use std::collections::HashSet;
use std::str::FromStr;

use url::Url;

use crate::prompt_echo::PromptEcho;

/// Where a candidate was found, most credible first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateSource {
    /// A field of a JSON answer, such as `video_url`.
    Field,
    /// The `/content` address of the `videos` dialect.
    Content,
    /// The `src` of a `<video>` or `<source>` tag.
    VideoTag,
    /// A link in text that looks like a video's.
    VideoLink,
    /// Any other link in text.
    Link,
}

impl CandidateSource {
    /// Every source, most credible first.
    pub const ALL: [Self; 5] = [Self::Field, Self::Content, Self::VideoTag, Self::VideoLink, Self::Link];

    /// The name that the database stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Content => "content",
            Self::VideoTag => "video_tag",
            Self::VideoLink => "video_link",
            Self::Link => "link",
        }
    }

    /// Whether it says more than that there is a link.
    #[must_use]
    pub fn is_credible(self) -> bool {
        self != Self::Link
    }
}

impl FromStr for CandidateSource {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|source| source.as_str() == name)
            .ok_or_else(|| format!("{name} is not a source of candidates"))
    }
}

/// An address at which the result might be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub url: Url,
    /// Where it was found.
    pub source: CandidateSource,
}

/// The order in which to try candidates that are given in the order in which they were found: the most credible source
/// first, of equally credible ones the latest. An address is tried once.
#[must_use]
pub fn rank(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.reverse();
    candidates.sort_by_key(|candidate| candidate.source);
    let mut seen = HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.url.clone()));
    candidates
}

/// Maximum number of candidates of one generation, and how many of them may be mere links.
const MAX_CANDIDATES: usize = 32;
const MAX_LINKS: usize = 16;

/// A candidate as it was found: `raw` is how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) raw: String,
    pub(crate) candidate: Candidate,
}

/// The candidates of one generation that have been found so far.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    known: HashSet<Url>,
    links: usize,
}

impl Candidates {
    /// Adds what was found; returns those that are new. An address that the prompt holds is never a candidate.
    pub(crate) fn add(&mut self, found: Vec<Found>, echo: &PromptEcho) -> Vec<Candidate> {
        let ours =
            found.into_iter().filter(|found| !echo.repeats(&found.raw) && !echo.repeats(found.candidate.url.as_str()));
        ours.map(|found| found.candidate).filter(|candidate| self.insert(candidate)).collect()
    }

    /// Whether any candidate is more than a mere link.
    pub(crate) fn has_credible(&self) -> bool {
        self.known.len() > self.links
    }

    fn insert(&mut self, candidate: &Candidate) -> bool {
        let link = candidate.source == CandidateSource::Link;
        if self.known.len() >= MAX_CANDIDATES || (link && self.links >= MAX_LINKS) {
            return false;
        }
        let new = self.known.insert(candidate.url.clone());
        self.links += usize::from(new && link);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(path: &str, source: CandidateSource) -> Candidate {
        Candidate { url: Url::parse("https://host/").unwrap().join(path).unwrap(), source }
    }

    #[test]
    fn ranks_by_source_then_latest_first_and_tries_no_address_twice() {
        use CandidateSource::{Field, Link, VideoLink, VideoTag};
        let found =
            [("page", Link), ("a.mp4", VideoLink), ("tag", VideoTag), ("b.mp4", VideoLink), ("f", Field), ("f", Link)];
        let ranked = rank(found.map(|(path, source)| candidate(path, source)).to_vec());
        let paths: Vec<_> = ranked.iter().map(|candidate| candidate.url.path()).collect();
        assert_eq!(paths, ["/f", "/tag", "/b.mp4", "/a.mp4", "/page"]);
    }

    #[test]
    fn sources_are_found_by_their_names() {
        for source in CandidateSource::ALL {
            assert_eq!(source.as_str().parse(), Ok(source));
        }
        assert!("page".parse::<CandidateSource>().is_err());
    }

    #[test]
    fn leaves_out_the_prompts_own_links_repetitions_and_floods() {
        let (mut candidates, echo) = (Candidates::default(), PromptEcho::new("like https://host/mine.mp4"));
        let found = |path: &str, source| {
            let candidate = candidate(path, source);
            Found { raw: candidate.url.to_string(), candidate }
        };
        let three = ["mine.mp4", "new.mp4", "new.mp4"].map(|path| found(path, CandidateSource::VideoLink));
        assert_eq!(candidates.add(three.to_vec(), &echo), [candidate("new.mp4", CandidateSource::VideoLink)]);
        let flood: Vec<_> = (0..99).map(|n| found(&format!("page{n}"), CandidateSource::Link)).collect();
        assert_eq!(candidates.add(flood, &echo).len(), MAX_LINKS);
        assert_eq!(candidates.add(vec![found("late.mp4", CandidateSource::VideoLink)], &echo).len(), 1);
    }
}
