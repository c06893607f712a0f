//! Restores a backup. Everything is checked first; then the files are put back, and the database comes last, with its
//! unfinished jobs failed before any program can use it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail, ensure};
use chrono::DateTime;
use url::Url;

use super::database::{connection, contents, migration, newest_version, postgres};
use super::files;
use super::manifest::{Contents, FileEntry, Manifest};
use super::settings::{Database, Settings, Storage};

/// How long a gateway may take to respond.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(2);

/// Restores the backup in `folder`; `force` replaces what is there.
pub(super) fn run(settings: &Settings, folder: &Path, force: bool) -> anyhow::Result<()> {
    let manifest = checked(settings, folder)?;
    refuse_if_in_use(settings, &manifest, force)?;
    if let Storage::Folder(storage) = &settings.storage {
        for file in &manifest.files {
            put_back(&folder.join("files").join(&file.path), &storage.join(&file.path), file)?;
        }
    }
    let dump = folder.join(&manifest.database.dump.file);
    let finalized = match &settings.database {
        Database::Sqlite(place) => restore_sqlite(&dump, place)?,
        Database::Postgres(url) => restore_postgres(&dump, url)?,
    };
    println!("{finalized}");
    let Contents { accounts, jobs, videos, .. } = contents()?;
    let (number, total) = (manifest.files.len(), files::size(manifest.files.iter().map(|file| file.bytes).sum()));
    let folder = folder.display();
    println!("restored {folder}: accounts {accounts}, jobs {jobs}, videos {videos}; files {number}, {total}");
    println!("Passwords, API keys, share links and disabled accounts are as they were then: later changes are undone.");
    Ok(())
}

/// Reads the manifest, and checks that the backup fits this installation and that every byte is intact.
fn checked(settings: &Settings, folder: &Path) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    let (database, name, kind) = (&manifest.database, folder.display(), settings.database.kind());
    ensure!(database.kind == kind, "{name} holds a {} database, but DATABASE_URL names a {kind} one", database.kind);
    if let (Storage::Bucket(url), false) = (&settings.storage, manifest.files.is_empty()) {
        bail!("{name} holds files, but STORAGE_URL names {url}: copy them there, or name a folder");
    }
    let (schema, known) = (database.schema, newest_version()?);
    ensure!(schema <= known, "{name} has schema version {schema}, this release knows {known}: use a newer release");
    let files = manifest.files.iter().map(|file| (folder.join("files").join(&file.path), &file.sha256));
    for (file, sha256) in files.chain([(folder.join(&database.dump.file), &database.dump.sha256)]) {
        let name = file.display();
        let found = files::digest(&file).with_context(|| format!("{name} is missing: the backup is damaged"))?;
        ensure!(found == *sha256, "{name} has changed: the backup is damaged");
    }
    Ok(manifest)
}

fn refuse_if_in_use(settings: &Settings, manifest: &Manifest, force: bool) -> anyhow::Result<()> {
    let is_there = !matches!(&settings.database, Database::Sqlite(file) if !file.exists());
    let existing = if is_there { contents()? } else { Contents::default() };
    let processors = existing.processors;
    ensure!(processors == 0, "processors that work with this database: {processors}; stop everything first");
    ensure!(!gateway_runs(settings.port), "a gateway responds on port {}; stop everything first", settings.port);
    if force {
        return Ok(());
    }
    ensure!(existing.accounts == 0, "accounts in the database: {}; FORCE=yes replaces it", existing.accounts);
    if let (Storage::Folder(storage), false) = (&settings.storage, manifest.files.is_empty()) {
        let name = storage.display();
        ensure!(files::list(storage)?.is_empty(), "there are files in {name}; FORCE=yes adds the backup's to them");
    }
    Ok(())
}

fn gateway_runs(port: u16) -> bool {
    let livez = || {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), GATEWAY_TIMEOUT)?;
        stream.set_read_timeout(Some(GATEWAY_TIMEOUT))?;
        write!(stream, "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut response = String::new();
        stream.take(1 << 16).read_to_string(&mut response)?;
        std::io::Result::Ok(response)
    };
    livez().is_ok_and(|response| response.contains("\"alive\""))
}

/// Puts a file in its place in one step, with the time by which the next backup recognises it.
fn put_back(copy: &Path, place: &Path, file: &FileEntry) -> anyhow::Result<()> {
    std::fs::create_dir_all(place.parent().unwrap_or(place)).with_context(|| place.display().to_string())?;
    let partial = with_suffix(place, "#0");
    files::copy_shared(copy, &partial)?;
    let modified =
        DateTime::parse_from_rfc3339(&file.modified).with_context(|| format!("the time of {}", file.path))?;
    std::fs::File::options().write(true).open(&partial)?.set_modified(SystemTime::from(modified))?;
    Ok(std::fs::rename(partial, place)?)
}

/// Prepares the database next to its place, then puts it there in one step. The previous one is kept beside it.
fn restore_sqlite(dump: &Path, place: &Path) -> anyhow::Result<String> {
    let aside = with_suffix(place, ".restoring");
    files::create_private_folder(place.parent().unwrap_or(place))?;
    files::copy_private(dump, &aside)?;
    let url = format!("sqlite:{}", aside.display());
    migration(&["up"], Some(&url))?;
    let finalized = migration(&["restored"], Some(&url))?;
    ensure!(!with_suffix(&aside, "-wal").exists(), "{} is still in use", aside.display());
    files::flush(&aside)?;
    for suffix in ["", "-wal", "-shm"] {
        let old = with_suffix(place, suffix);
        if old.exists() {
            std::fs::rename(&old, with_suffix(place, &format!(".before-restore{suffix}")))?;
        }
    }
    std::fs::rename(aside, place)?;
    Ok(finalized)
}

/// Restores the schema's version last: until then, every program that starts finds a database without a schema.
fn restore_postgres(dump: &Path, url: &Url) -> anyhow::Result<String> {
    let list = postgres(url, "pg_restore", &["--list", &dump.display().to_string()])?;
    let is_version = |line: &&str| line.contains(" TABLE DATA ") && line.contains(" schema_version ");
    let (version, rest): (Vec<&str>, Vec<&str>) = list.lines().partition(is_version);
    ensure!(version.len() == 1, "{} holds no schema version", dump.display());
    restore_part(dump, url, &rest, &["--clean", "--if-exists"])?;
    let finalized = migration(&["restored"], None)?;
    restore_part(dump, url, &version, &["--data-only"])?;
    migration(&["up"], None)?;
    Ok(finalized)
}

fn restore_part(dump: &Path, url: &Url, list: &[&str], flags: &[&str]) -> anyhow::Result<()> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(list.join("\n").as_bytes())?;
    let list = format!("--use-list={}", file.path().display());
    let database = connection(url).into_iter().find(|(name, _)| *name == "PGDATABASE");
    let database = format!("--dbname={}", database.context("DATABASE_URL names no database")?.1);
    let dump = dump.display().to_string();
    let common = ["--single-transaction", "--no-owner", "--no-privileges", &list, &database];
    postgres(url, "pg_restore", &[&common, flags, &[&dump]].concat()).map(drop)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
