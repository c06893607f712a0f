//! The catalogue: which models users can choose, which upstreams generate them, and what they cost.
//!
//! It comes from the TOML file that `SORA_CATALOGUE` names, or else from variables, which make one pool with one upstream.
//! The file is checked whole: every mistake is reported with its line and the remedy. It never holds a token, only where
//! to find it.
//!
//! | module | contents |
//! |---|---|
//! | `upstream`, `pool`, `model`, `price`, `size` | the parts of a catalogue |
//! | `budgets` | the variables that limit what is spent |
//! | `controls` | what was decided about upstreams and pools while the platform runs |
//! | `parse` | the file's contents |
//! | `file` | the file that `SORA_CATALOGUE` names, and the variables that it replaces |
//! | `variables` | the catalogue without a file |

mod budgets;
mod controls;
mod currency;
mod file;
mod model;
mod parse;
mod pool;
mod price;
mod size;
mod upstream;
mod variables;

pub use controls::{Controls, Unavailable};
pub use currency::Currency;
pub use model::{Model, ReferenceImage, Status};
pub use parse::Mistake;
pub use pool::{Member, Pool};
pub use price::{Amount, Per, Price};
pub use size::Size;
pub use upstream::{TokenSource, Upstream};

/// The pool that the variables make, whose Redis keys are the ones of earlier releases.
pub const DEFAULT_POOL: &str = "default";

/// Models, pools and upstreams, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The currency of all prices; set if a model has a price.
    pub currency: Option<Currency>,
    /// Whether generations are free, as with the simulator. The page shows it.
    pub free: bool,
    /// The servers that generate. Empty in the gateway without a file.
    pub upstreams: Vec<Upstream>,
    /// Groups of upstreams that replace each other; at least one.
    pub pools: Vec<Pool>,
    /// What users can choose. Empty in the processor without a file.
    pub models: Vec<Model>,
    /// Whether it was read from a file.
    pub from_file: bool,
}

impl Catalogue {
    /// Reads a catalogue from TOML.
    ///
    /// # Errors
    /// All mistakes, in the order of their lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        parse::catalogue(text)
    }

    /// Returns the model of this name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Returns the pool of this name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// Returns the upstream of this name.
    #[must_use]
    pub fn upstream(&self, name: &str) -> Option<&Upstream> {
        self.upstreams.iter().find(|upstream| upstream.name == name)
    }

    /// Returns the pool of the model of this name. Without a file it is the one pool, whatever the name.
    #[must_use]
    pub fn pool_of(&self, model: &str) -> Option<&Pool> {
        if self.from_file { self.pool(&self.model(model)?.pool) } else { self.pools.first() }
    }

    /// Returns the name of the pool in whose queue the jobs of a model wait: those of a model that is no longer in the catalogue
    /// in the first one.
    #[must_use]
    pub fn queue_of(&self, model: &str) -> &str {
        self.pool_of(model).or(self.pools.first()).map_or(DEFAULT_POOL, |pool| &pool.name)
    }

    /// Returns the name of a model at an upstream, before the upstream's template. A model that is not in the catalogue
    /// keeps its name.
    #[must_use]
    pub fn name_at<'a>(&'a self, model: &'a str, upstream: &str) -> &'a str {
        self.model(model).map_or(model, |known| known.name_at(upstream))
    }

    /// Returns the model that a request without one gets: the first active model, or else the first deprecated one.
    #[must_use]
    pub fn default_model(&self) -> Option<&Model> {
        let with = |status| self.models.iter().find(|model| model.status == status);
        with(Status::Active).or_else(|| with(Status::Deprecated))
    }

    /// Returns the models that new videos can be made with.
    pub fn offered(&self) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(|model| model.status != Status::Retired)
    }
}
