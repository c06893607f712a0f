//! Accounts and sessions: who is asking, and from which page.
//!
//! A token is only as good as its session's row. Whoever asks by cookie asks from a page, and a page may change
//! something only from an origin that is ours; whoever sends an `Authorization` header is a program, and its cookie
//! counts for nothing.

pub(crate) mod account;
mod caller;
mod cookie;
pub(crate) mod export;
pub(crate) mod handlers;
pub(crate) mod open_sessions;

mod notify;
mod password;
mod rules;
mod session;
mod sign_in;
mod state;
mod token;

pub(crate) use caller::{Admin, Caller, Creator, Credentials, KEY_PREFIX, Reader, identify};
pub(crate) use handlers::NO_STORE;
pub(crate) use notify::{sessions_ended, user_changed};
pub use password::PasswordError;
pub(crate) use password::Passwords;
pub(crate) use rules::{email, new_password};
pub(crate) use session::Session;
pub(crate) use state::AuthState;
pub use state::setup_token;
