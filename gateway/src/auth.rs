//! Accounts, sessions and authentication.
//!
//! A token is valid only as long as its session's row is. Requests with the session cookie come from a page and may change
//! state only from an allowed origin. If a request has an `Authorization` header, its cookie is ignored.

pub(crate) mod account;
mod caller;
mod cookie;
pub(crate) mod export;
pub(crate) mod handlers;
pub(crate) mod open_sessions;

mod notify;
mod password;
mod principal;
pub(crate) mod rules;
mod session;
mod sign_in;
mod state;
mod token;

pub(crate) use caller::{Admin, AnyCaller, Caller, Creator, Credentials, KEY_PREFIX, Reader, identify_reader};
pub(crate) use handlers::NO_STORE;
pub(crate) use notify::{key_revoked, sessions_ended, user_changed};
pub use password::PasswordError;
pub(crate) use password::hash as hash_password;
pub(crate) use principal::{Grant, Principal, active_roles, until_expired};
pub(crate) use rules::{email, new_password, visible};
pub(crate) use session::Session;
pub(crate) use state::AuthState;
pub use state::setup_token;
