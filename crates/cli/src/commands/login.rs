//! `login` and `logout`.

use std::io::{self, IsTerminal, Read};

use serde_json::{Value, json};
use url::Url;

use crate::api::Api;
use crate::error::Error;
use crate::output::{json_line, line, note};
use crate::server::{self, Server};

/// Checks the key with a call, and keeps it.
///
/// # Errors
/// The server does not accept the key, or it cannot be kept.
pub(super) async fn login(named: Option<Url>, as_json: bool) -> Result<(), Error> {
    let missing = || Error::Usage("Name the server: sora login --server https://example.org".into());
    let server = server::named_server(named)?.ok_or_else(missing)?;
    let key = match server::variable("SORA_API_KEY") {
        Some(key) => key,
        None => read_key(&server)?,
    };
    let server = Server { server, key };
    let models: Value = Api::new(server.clone())?.get("api/models").await?;
    if !models["models"].is_array() {
        return Err(Error::Unreachable("its answer is not that of this platform; check the address".into()));
    }
    let path = server::keep(&server)?;
    if as_json {
        json_line(&json!({"server": server.server, "config": path}));
    } else {
        line(&format!("Signed in to {}. The key is kept in {}.", server.server, path.display()));
    }
    Ok(())
}

/// Forgets the server and the key.
///
/// # Errors
/// They cannot be deleted.
pub(super) fn logout(as_json: bool) -> Result<(), Error> {
    let forgotten = server::forget()?;
    if as_json {
        json_line(&json!({"signedOut": forgotten}));
    } else {
        line(if forgotten {
            "Signed out. The key still works until you revoke it on the account page."
        } else {
            "Not signed in."
        });
    }
    Ok(())
}

fn read_key(server: &Url) -> Result<String, Error> {
    let mut text = String::new();
    let stdin = io::stdin();
    let read = if stdin.is_terminal() {
        note(&format!("API key for {server} (create one on the account page):"));
        stdin.read_line(&mut text)
    } else {
        stdin.lock().take(1_000).read_to_string(&mut text)
    };
    read.map_err(|cause| Error::File("standard input".into(), cause))?;
    let key = text.trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Usage("That is no API key. It begins with sk-.".into()));
    }
    Ok(key.to_owned())
}
