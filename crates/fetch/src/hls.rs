//! HLS (RFC 8216): fetches a playlist, its segments and keys through the guarded client into a directory, and writes a
//! playlist there that names local files only.
//!
//! Only tags that are known are copied, so that no address of the original can reach whatever reads the copy.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use tokio::fs;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::media::{self, Sniffed};
use crate::source::Source;
use crate::{Error, Fetcher, first};

/// Largest playlist, in bytes.
const MAX_PLAYLIST: usize = 1024 * 1024;

/// Maximum number of files that a playlist may name.
const MAX_FILES: usize = 5_000;

/// Tags that are copied as they are. Those with an address are rewritten.
const PLAIN_TAGS: [&str; 11] = [
    "#EXTM3U",
    "#EXTINF:",
    "#EXT-X-VERSION:",
    "#EXT-X-TARGETDURATION:",
    "#EXT-X-MEDIA-SEQUENCE:",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-BYTERANGE:",
    "#EXT-X-PLAYLIST-TYPE:",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-ENDLIST",
    "#EXT-X-GAP",
];
const TAGS_WITH_ADDRESS: [&str; 2] = ["#EXT-X-MAP:", "#EXT-X-KEY:"];

/// Playlists whose segments all lie beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPlaylist {
    /// The playlist of the video, which holds the sound too unless `audio` is set.
    pub video: PathBuf,
    /// The playlist of the sound, where it comes apart.
    pub audio: Option<PathBuf>,
}

impl Fetcher {
    /// Fetches the playlist at `url` and all that it names into `directory`: of several variants the one with the highest
    /// bandwidth. All files together are no larger than a video may be.
    ///
    /// # Errors
    /// Something cannot be fetched, or the playlist is not that of a finished video.
    pub async fn playlist(&self, url: &Url, directory: &Path) -> Result<LocalPlaylist, Error> {
        let source = Source::new(self, url);
        let mut copy = Copy { source: &source, directory, files: HashMap::new(), left: self.rules.max_bytes };
        let text = copy.text(url).await?;
        let Some(variant) = best_variant(&text) else {
            return Ok(LocalPlaylist { video: copy.media(url, &text, "video").await?, audio: None });
        };
        let address = join(url, &variant.uri)?;
        let text_of_variant = copy.text(&address).await?;
        let video = copy.media(&address, &text_of_variant, "video").await?;
        let audio = variant.audio.and_then(|group| audio_rendition(&text, &group));
        let audio = match audio {
            Some(uri) => {
                let address = join(url, &uri)?;
                let text = copy.text(&address).await?;
                Some(copy.media(&address, &text, "audio").await?)
            }
            None => None,
        };
        Ok(LocalPlaylist { video, audio })
    }
}

/// A playlist that is being copied.
struct Copy<'a> {
    source: &'a Source,
    directory: &'a Path,
    /// The local names of the files that have been fetched.
    files: HashMap<Url, String>,
    /// Bytes that may still be fetched.
    left: u64,
}

impl Copy<'_> {
    async fn text(&self, url: &Url) -> Result<String, Error> {
        let mut bytes = self.source.fetcher.content(self.source.at(url)).await?;
        let text = first(&mut bytes, MAX_PLAYLIST).await?;
        if media::sniff(&text) != Sniffed::Playlist {
            return Err(Error::BadPlaylist("is not a playlist"));
        }
        String::from_utf8(text.into()).map_err(|_| Error::BadPlaylist("is not UTF-8"))
    }

    /// Copies a media playlist; returns the path of the copy.
    async fn media(&mut self, url: &Url, text: &str, name: &str) -> Result<PathBuf, Error> {
        if !text.lines().any(|line| line.trim() == "#EXT-X-ENDLIST") {
            return Err(Error::BadPlaylist("has no end: the video is not finished"));
        }
        let mut local = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !line.starts_with('#') {
                writeln!(local, "{}", self.file(&join(url, line)?).await?).ok();
            } else if TAGS_WITH_ADDRESS.iter().any(|tag| line.starts_with(tag)) {
                let Some(uri) = attribute(line, "URI") else {
                    writeln!(local, "{line}").ok();
                    continue;
                };
                let file = self.file(&join(url, uri)?).await?;
                writeln!(local, "{}", line.replace(&format!("\"{uri}\""), &format!("\"{file}\""))).ok();
            } else if PLAIN_TAGS.iter().any(|tag| line.starts_with(tag)) {
                writeln!(local, "{line}").ok();
            }
        }
        let path = self.directory.join(format!("{name}.m3u8"));
        fs::write(&path, local).await.map_err(Error::Io)?;
        Ok(path)
    }

    /// Fetches a file unless it was fetched before; returns its local name.
    async fn file(&mut self, url: &Url) -> Result<String, Error> {
        if let Some(name) = self.files.get(url) {
            return Ok(name.clone());
        }
        if self.files.len() == MAX_FILES {
            return Err(Error::BadPlaylist("lists too many files"));
        }
        let mut bytes = self.source.fetcher.content(self.source.at(url)).await?;
        let name = format!("{:05}.m4s", self.files.len());
        let mut file = fs::File::create(self.directory.join(&name)).await.map_err(Error::Io)?;
        while let Some(chunk) = bytes.try_next().await? {
            self.left = self
                .left
                .checked_sub(chunk.len() as u64)
                .ok_or(Error::TooLarge(self.source.fetcher.rules.max_bytes))?;
            file.write_all(&chunk).await.map_err(Error::Io)?;
        }
        file.flush().await.map_err(Error::Io)?;
        self.files.insert(url.clone(), name.clone());
        Ok(name)
    }
}

/// A variant of a multivariant playlist.
struct Variant {
    bandwidth: u64,
    uri: String,
    /// The group that holds its sound, where it comes apart.
    audio: Option<String>,
}

/// The variant with the highest bandwidth; `None` in a playlist of segments.
fn best_variant(text: &str) -> Option<Variant> {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let variants =
        lines.windows(2).filter(|pair| pair[0].starts_with("#EXT-X-STREAM-INF:") && !pair[1].starts_with('#'));
    let variants = variants.map(|pair| Variant {
        bandwidth: attribute(pair[0], "BANDWIDTH").and_then(|bandwidth| bandwidth.parse().ok()).unwrap_or(0),
        uri: pair[1].to_owned(),
        audio: attribute(pair[0], "AUDIO").map(ToOwned::to_owned),
    });
    variants.max_by_key(|variant| variant.bandwidth)
}

/// The address of a group's sound, its default one if it says; `None` where the sound is in the video.
fn audio_rendition(text: &str, group: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("#EXT-X-MEDIA:"));
    let ours =
        lines.filter(|line| attribute(line, "TYPE") == Some("AUDIO") && attribute(line, "GROUP-ID") == Some(group));
    let ours: Vec<_> = ours.collect();
    let default = ours.iter().find(|line| attribute(line, "DEFAULT") == Some("YES")).or(ours.first())?;
    attribute(default, "URI").map(ToOwned::to_owned)
}

/// The value of an attribute in a tag's list, without its quotes.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = line.split_once(':')?.1;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                (value, after.trim_start().strip_prefix(',').unwrap_or_default())
            }
            None => value.split_once(',').unwrap_or((value, "")),
        };
        if key.trim() == name {
            return Some(value.trim());
        }
        rest = after;
    }
}

fn join(base: &Url, uri: &str) -> Result<Url, Error> {
    base.join(uri).map_err(|_| Error::BadPlaylist("contains an invalid address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a,1\",NAME=\"x=y\",DEFAULT=YES,URI=\"sound/en.m3u8\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=100,CODECS=\"avc1,mp4a\"\nlow.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=900,AUDIO=\"a,1\"\n\nhigh/v.m3u8\n";

    #[test]
    fn chooses_the_best_variant_and_its_sound() {
        let variant = best_variant(MASTER).unwrap();
        assert_eq!((variant.uri.as_str(), variant.audio.as_deref()), ("high/v.m3u8", Some("a,1")));
        assert_eq!(audio_rendition(MASTER, "a,1").as_deref(), Some("sound/en.m3u8"));
        assert_eq!(audio_rendition(MASTER, "b"), None);
        assert!(best_variant("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n").is_none());
    }

    #[test]
    fn reads_attributes_with_quotes_and_without() {
        let line = "#EXT-X-KEY:METHOD=AES-128,URI=\"k?a=1,b=2\",IV=0x1";
        assert_eq!(attribute(line, "URI"), Some("k?a=1,b=2"));
        assert_eq!((attribute(line, "METHOD"), attribute(line, "IV")), (Some("AES-128"), Some("0x1")));
        assert_eq!(attribute(line, "KEYFORMAT"), None);
    }
}
