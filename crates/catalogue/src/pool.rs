//! Groups of upstreams that replace each other.

/// Upstreams that replace each other, with a queue and a limit of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its upstreams. In a file there is at least one, and none belongs to two pools.
    pub members: Vec<Member>,
}

/// An upstream in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The upstream's name.
    pub upstream: String,
    /// Lower numbers are used first (default 1); upstreams of one priority share jobs by weight.
    pub priority: u32,
}
