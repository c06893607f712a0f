//! Accounts and sessions: who is asking, and from which page.
//!
//! A token is only as good as its session's row. Whoever asks by cookie asks from a page, and a page may change
//! something only from an origin that is ours; whoever sends an `Authorization` header is a program, and its cookie
//! counts for nothing.

mod caller;
mod cookie;
mod handlers;
mod origin;
mod password;
mod session;
mod token;

pub(crate) use caller::{Caller, Credentials, identify};
pub(crate) use handlers::{login, logout, me, register};
pub(crate) use origin::{Origins, known_host};
pub use password::PasswordError;
pub(crate) use password::Passwords;
pub(crate) use session::{Session, Sessions};
pub(crate) use token::Tokens;
