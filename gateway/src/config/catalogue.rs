//! The models, lengths and sizes on offer.

use std::fmt;
use std::str::FromStr;

use entity::job::Orientation;
use service::env::{self, Environment};

/// All orientations; the first is the default.
pub(crate) const ORIENTATIONS: [Orientation; 2] = [Orientation::Landscape, Orientation::Portrait];

/// The models, lengths and sizes on offer. The first entry of each list is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// `SORA_MODELS`: comma-separated model names (default `sora2`).
    pub models: Vec<String>,
    /// `SORA_SECONDS`: comma-separated lengths in seconds (default `10,15`).
    pub seconds: Vec<i32>,
    /// `SORA_SIZES`: comma-separated widths and heights (default `1280x720,720x1280`); the first of each orientation is
    /// its default.
    pub sizes: Vec<Size>,
    /// `SORA_FREE`: whether generations are free, as with the simulator (default `false`). The page shows it.
    pub free: bool,
}

impl Catalogue {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        let models = env.or("SORA_MODELS", "sora2", |text| list(text, model));
        let seconds = env.or("SORA_SECONDS", "10,15", |text| list(text, seconds));
        let sizes = env.or("SORA_SIZES", "1280x720,720x1280", sizes);
        let free = env.or("SORA_FREE", "false", env::flag);
        Some(Self { models: models?, seconds: seconds?, sizes: sizes?, free: free? })
    }
}

impl Catalogue {
    pub(crate) fn default_model(&self) -> String {
        self.models.first().cloned().unwrap_or_default()
    }

    /// Returns the default size of an orientation.
    pub(crate) fn default_size(&self, orientation: Orientation) -> String {
        let size = self.sizes.iter().find(|size| size.orientation() == orientation);
        size.map(ToString::to_string).unwrap_or_default()
    }

    pub(crate) fn default_seconds(&self) -> i32 {
        self.seconds.first().copied().unwrap_or_default()
    }
}

/// Width and height of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

impl Size {
    /// Returns the orientation. A size is never square.
    #[must_use]
    pub fn orientation(self) -> Orientation {
        if self.width > self.height { Orientation::Landscape } else { Orientation::Portrait }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let sides = sides.filter(|(width, height)| *width > 0 && *height > 0 && width != height);
        let (width, height) =
            sides.ok_or("must be comma-separated sizes with unequal sides, such as 1280x720,720x1280")?;
        Ok(Self { width, height })
    }
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(|entry| parse(entry.trim())).collect()
}

fn model(text: &str) -> Result<String, String> {
    let proper = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if proper { Ok(text.to_owned()) } else { Err("must be comma-separated names such as sora2,sora2-pro".into()) }
}

fn seconds(text: &str) -> Result<i32, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3_600).contains(seconds));
    seconds.ok_or_else(|| "must be comma-separated whole seconds such as 10,15".to_owned())
}

/// Parses the sizes. Each orientation needs one, because a request may name the orientation alone.
fn sizes(text: &str) -> Result<Vec<Size>, String> {
    let sizes: Vec<Size> = list(text, str::parse)?;
    let has = |shape| sizes.iter().any(|size| size.orientation() == shape);
    if ORIENTATIONS.into_iter().all(has) {
        Ok(sizes)
    } else {
        Err("must include a landscape and a portrait size".into())
    }
}
