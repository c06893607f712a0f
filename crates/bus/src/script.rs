//! The Lua scripts, each `scripts/common.lua` followed by its own file. A script is loaded once per process.

use std::sync::LazyLock;

use redis::{Script, ScriptInvocation};

use crate::keys::QueueKeys;

const COMMON: &str = include_str!("scripts/common.lua");

/// A script of the contract.
pub(crate) struct Lua(LazyLock<Script>);

impl Lua {
    /// An invocation with all keys set; the caller adds the arguments.
    pub(crate) fn with<'a>(&'a self, keys: &QueueKeys) -> ScriptInvocation<'a> {
        let mut invocation = self.0.prepare_invoke();
        for key in keys.of_scripts() {
            invocation.key(key);
        }
        invocation
    }
}

fn load(body: &str) -> Script {
    Script::new(&format!("{COMMON}\n{body}"))
}

pub(crate) static ACKNOWLEDGE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/acknowledge.lua"))));
pub(crate) static ADMIT: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/admit.lua"))));
pub(crate) static DELETE_IDLE_CONSUMER: Lua =
    Lua(LazyLock::new(|| load(include_str!("scripts/delete_idle_consumer.lua"))));
pub(crate) static DROP_ORPHANS: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/drop_orphans.lua"))));
pub(crate) static ENQUEUE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/enqueue.lua"))));
pub(crate) static FREE_ORPHAN_PLACES: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/free_orphan_places.lua"))));
pub(crate) static MIRROR_LIMITS: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/mirror_limits.lua"))));
pub(crate) static REASSIGN: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/reassign.lua"))));
pub(crate) static RELEASE_CONSUMER: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/release_consumer.lua"))));
pub(crate) static REMOVE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/remove.lua"))));
pub(crate) static RENEW: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/renew.lua"))));
pub(crate) static TAKE_PLACE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/take_place.lua"))));
