//! What users can choose, and what it can do.

use std::collections::BTreeMap;
use std::str::FromStr;

use entity::job::Orientation;

use crate::{Price, Size};

/// A model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name by which requests choose it.
    pub name: String,
    /// Title on the English page; the page falls back to the name.
    pub title_en: Option<String>,
    /// Title on the Chinese page.
    pub title_zh: Option<String>,
    /// The pool that generates it.
    pub pool: String,
    /// The upstreams' name for it, if it differs.
    pub upstream_name: Option<String>,
    /// The name for it at single upstreams, by the upstream's name.
    pub upstream_names: BTreeMap<String, String>,
    /// Lengths in seconds; the first is the default.
    pub seconds: Vec<i32>,
    /// Sizes; the first of each orientation is its default, the first of all is the model's.
    pub sizes: Vec<Size>,
    /// Whether it takes a reference image.
    pub reference_image: ReferenceImage,
    /// Whether its videos can be remixed.
    pub remix: bool,
    /// What a video costs; `None` = unknown.
    pub price: Option<Price>,
    /// Whether new videos can be made with it.
    pub status: Status,
    /// The day on which a deprecated model is going to be retired or a retired one was, as `YYYY-MM-DD`. Only shown.
    pub retires_on: Option<String>,
}

/// Whether a model takes a reference image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceImage {
    /// Requests with an image are rejected.
    No,
    /// Requests may have an image.
    #[default]
    Optional,
    /// Requests without an image are rejected.
    Required,
}

/// Whether new videos can be made with a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    #[default]
    Active,
    /// Yes, but it is going to be retired; it is the default only if no model is active.
    Deprecated,
    /// No. Jobs that were accepted earlier are finished.
    Retired,
}

impl Model {
    /// Returns the name at an upstream, before the upstream's template.
    #[must_use]
    pub fn name_at(&self, upstream: &str) -> &str {
        self.upstream_names.get(upstream).or(self.upstream_name.as_ref()).unwrap_or(&self.name)
    }

    /// Returns the price of a video of this length in minor units, rounded up to a whole one.
    #[must_use]
    pub fn price_of(&self, seconds: i32) -> Option<i64> {
        self.price.map(|price| price.of(seconds))
    }

    /// Returns the orientations of its sizes; the first is the default.
    #[must_use]
    pub fn orientations(&self) -> Vec<Orientation> {
        let mut orientations = Vec::with_capacity(2);
        for orientation in self.sizes.iter().map(|size| size.orientation()) {
            if !orientations.contains(&orientation) {
                orientations.push(orientation);
            }
        }
        orientations
    }

    /// Returns the default size of an orientation.
    #[must_use]
    pub fn default_size(&self, orientation: Orientation) -> Option<Size> {
        self.sizes.iter().copied().find(|size| size.orientation() == orientation)
    }
}

impl ReferenceImage {
    /// Its name in the file and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl FromStr for ReferenceImage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::No, Self::Optional, Self::Required]
            .into_iter()
            .find(|value| value.as_str() == text)
            .ok_or_else(|| "must be \"no\", \"optional\" or \"required\"".to_owned())
    }
}

impl Status {
    /// Its name in the file and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Active, Self::Deprecated, Self::Retired]
            .into_iter()
            .find(|value| value.as_str() == text)
            .ok_or_else(|| "must be \"active\", \"deprecated\" or \"retired\"".to_owned())
    }
}
