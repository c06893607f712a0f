//! Which server to call, and with which key: `--server`, `SORA_SERVER` and `SORA_API_KEY`, or what `sora login` has kept in
//! `sora/config.json` in the folder `XDG_CONFIG_HOME` (default `~/.config`), readable by its owner alone.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::Error;

/// A server, and the key for it.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Server {
    pub(crate) server: Url,
    pub(crate) key: String,
}

/// Returns the server to call.
///
/// # Errors
/// There is none, or its key is unknown.
pub(crate) fn find(named: Option<Url>) -> Result<Server, Error> {
    let kept = read()?;
    let server = named_server(named)?;
    let key = variable("SORA_API_KEY");
    match (server, key, kept) {
        (Some(server), Some(key), _) => Ok(Server { server, key }),
        (None, Some(key), Some(kept)) => Ok(Server { key, ..kept }),
        // A key is sent to its own server only.
        (Some(server), None, Some(kept)) if kept.server == server => Ok(kept),
        (None, None, Some(kept)) => Ok(kept),
        _ => Err(Error::NotSignedIn),
    }
}

/// Returns the server that is named by the option or by `SORA_SERVER`.
///
/// # Errors
/// It is no address of a server.
pub(crate) fn named_server(named: Option<Url>) -> Result<Option<Url>, Error> {
    let text = match named {
        Some(url) => url.to_string(),
        None => match variable("SORA_SERVER") {
            Some(text) => text,
            None => return Ok(None),
        },
    };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let mut url =
        url.ok_or_else(|| Error::Usage(format!("{text}: not the address of a server, such as https://example.org")))?;
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(Some(url))
}

/// Returns the variable, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Keeps the server and the key.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn keep(server: &Server) -> Result<PathBuf, Error> {
    let path = path()?;
    let failed = |cause| Error::File(path.clone(), cause);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new).map_err(failed)?;
    let text = serde_json::to_string_pretty(server).unwrap_or_default();
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&new, &path).map_err(failed)?;
    Ok(path)
}

/// Forgets the server and the key. Returns whether there were any.
///
/// # Errors
/// The file cannot be deleted.
pub(crate) fn forget() -> Result<bool, Error> {
    let path = path()?;
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::File(path, error)),
    }
}

fn read() -> Result<Option<Server>, Error> {
    let Ok(path) = path() else { return Ok(None) };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| Error::Usage(format!("{}: not readable. Run `sora login` again.", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File(path, error)),
    }
}

fn path() -> Result<PathBuf, Error> {
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".config")));
    let folder = folder
        .ok_or_else(|| Error::Usage("No home folder. Set XDG_CONFIG_HOME, or SORA_SERVER and SORA_API_KEY.".into()))?;
    Ok(folder.join("sora/config.json"))
}
