//! How many images may arrive and be re-encoded at a time.

use std::num::NonZeroU32;

use entity::UserId;

use crate::cpu_pool::Cores;
use crate::http::connection_limit::Doors;

/// Pictures that arrive at once: in all, which bounds the memory they take, and of one user.
const AT_ONCE: (NonZeroU32, NonZeroU32) = (NonZeroU32::new(32).unwrap(), NonZeroU32::new(4).unwrap());

/// What bounds the arrival of pictures.
pub(crate) struct Uploads {
    pub(super) doors: Doors<UserId>,
    pub(super) cores: Cores,
}

impl Uploads {
    /// Nothing arrives yet.
    pub(crate) fn new() -> Self {
        Self { doors: Doors::new(AT_ONCE.0, AT_ONCE.1), cores: Cores::all() }
    }
}
