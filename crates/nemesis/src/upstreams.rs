//! The upstreams of a run: three simulators in two pools, and an address at which nothing listens.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::plan::Dialect;

/// Number of simulators.
pub(crate) const SIMULATORS: usize = 3;

/// The pools. The last one has a simulator of its own, the first one all others.
pub(crate) const POOLS: [&str; 2] = ["default", "other"];

/// The model of each pool.
pub(crate) const MODELS: [&str; 2] = ["sora2", "wan"];

/// The settings of the upstreams.
#[derive(Clone, Debug)]
pub(crate) struct Upstreams {
    /// Maximum number of jobs in flight at each simulator; 0 = no maximum.
    concurrency: [u32; SIMULATORS],
    /// The priority of the first pool's second simulator: 1 = a peer of the first, 2 = its spare.
    priority: u32,
    /// Whether the first pool has an upstream that is always down.
    has_dead: bool,
}

impl Upstreams {
    /// Draws settings. With a `cap`, the pools take no more jobs than that.
    pub(crate) fn draw(rng: &mut StdRng, cap: u32) -> Self {
        let limits = if cap == 0 { [0, 0, 0] } else { [cap / 2, cap / 2, cap] };
        Self { concurrency: limits, priority: rng.random_range(1..=2), has_dead: rng.random_bool(0.5) }
    }

    /// The name of a simulator in the catalogue.
    pub(crate) fn name(number: usize) -> String {
        format!("simulator-{number}")
    }

    /// The catalogue file for simulators at these ports, and a `dead` port.
    pub(crate) fn catalogue(&self, dialect: Dialect, ports: &[u16], dead: u16) -> String {
        let upstream = |name: &str, port: u16, concurrency: u32| {
            format!(
                "[[upstream]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}{}\"\nconcurrency = {concurrency}\n\
                 model_template = \"{{model}}\"\npoll_interval = \"50ms\"\nlost_after = \"1s\"\n\n",
                dialect.path()
            )
        };
        let pool = |name: &str, members: &str, model: &str| {
            format!(
                "[[pool]]\nname = \"{name}\"\nupstreams = [{members}]\n\n[[model]]\nname = \"{model}\"\npool = \"{name}\"\n\
                 seconds = [10, 15]\nsizes = [\"1280x720\", \"720x1280\"]\n\n"
            )
        };
        let simulators = ports.iter().enumerate();
        let mut text: String =
            simulators.map(|(number, port)| upstream(&Self::name(number), *port, self.concurrency[number])).collect();
        let mut members =
            format!("{{ name = \"simulator-0\" }}, {{ name = \"simulator-1\", priority = {} }}", self.priority);
        if self.has_dead {
            text += &upstream("dead", dead, 0);
            members += ", { name = \"dead\", priority = 1 }";
        }
        text + &pool(POOLS[0], &members, MODELS[0]) + &pool(POOLS[1], "\"simulator-2\"", MODELS[1])
    }
}
