//! The scripts, each loaded once per process: `scripts/common.lua` with one body appended.

use std::sync::LazyLock;

use redis::{Script, ScriptInvocation};

use crate::keys::Keys;

const COMMON: &str = include_str!("scripts/common.lua");

/// A script of the contract.
pub(crate) struct Lua(LazyLock<Script>);

impl Lua {
    /// An invocation with the keys in place; arguments are the caller's to add.
    pub(crate) fn with<'a>(&'a self, keys: &Keys) -> ScriptInvocation<'a> {
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

pub(crate) static ENQUEUE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/enqueue.lua"))));
pub(crate) static PUMP: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/pump.lua"))));
pub(crate) static SETTLE: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/settle.lua"))));
pub(crate) static FORGET: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/forget.lua"))));
pub(crate) static RENEW: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/renew.lua"))));
pub(crate) static YIELD: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/yield.lua"))));
pub(crate) static DISMISS: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/dismiss.lua"))));
pub(crate) static TIDY: Lua = Lua(LazyLock::new(|| load(include_str!("scripts/tidy.lua"))));
