//! Accounts and sessions: who is asking, and from which page.
//!
//! A token is only as good as its session's row. Whoever asks by cookie asks from a page, and a page may change
//! something only from an origin that is ours; whoever sends an `Authorization` header is a program, and its cookie
//! counts for nothing.

mod account;
mod caller;
mod cookie;
mod export;
mod handlers;
mod open_sessions;

mod notify;
mod password;
mod rules;
mod session;
mod sign_in;
mod state;
mod token;

pub(crate) use account::{change_password, delete, rename};
pub(crate) use caller::{Admin, Caller, Creator, Credentials, KEY_PREFIX, Reader, identify};
pub(crate) use export::{Export, ExportedAttempt, ExportedJob, export};
pub(crate) use handlers::{Me, NO_STORE, SignedIn, StorageUse, login, logout, me, register};
pub(crate) use notify::{sessions_ended, user_changed};
pub(crate) use open_sessions::{OpenSessions, end_other_sessions, end_session, sessions};
pub use password::PasswordError;
pub(crate) use password::Passwords;
pub(crate) use rules::{email, new_password};
pub(crate) use session::Session;
pub(crate) use state::AuthState;
pub use state::setup_token;
