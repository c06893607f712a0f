//! Makes a backup while everything runs. Files that have not changed since the previous backup are hard links to its copies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, ensure};

use super::database::{contents, dump, migration, schema_version};
use super::files;
use super::manifest::{Contents, DatabaseEntry, FileEntry, Manifest, timestamp};
use super::settings::{Database, Settings, Storage};

/// A file of this backup.
struct Copied {
    entry: FileEntry,
    is_new: bool,
}

/// Makes a backup in a new folder of `to`.
pub(super) fn run(settings: &Settings, to: &Path) -> anyhow::Result<()> {
    if let Database::Sqlite(file) = &settings.database {
        ensure!(file.exists(), "there is no database at {}", file.display());
    }
    let contents = contents()?;
    let schema = schema_version()?;
    let name = timestamp(SystemTime::now())[..19].replace(':', "-") + "Z";
    let unfinished = to.join(format!(".{name}.unfinished"));
    let done = make(settings, to, &unfinished, contents, schema).and_then(|(manifest, new)| {
        std::fs::rename(&unfinished, to.join(&name))?;
        report(&to.join(&name), settings, &manifest, new);
        Ok(())
    });
    if done.is_err() {
        std::fs::remove_dir_all(&unfinished).ok();
    }
    done
}

/// Fills the folder; returns its description, and how many files are new.
fn make(
    settings: &Settings,
    to: &Path,
    folder: &Path,
    contents: Contents,
    schema: i64,
) -> anyhow::Result<(Manifest, usize)> {
    let previous = latest(to)?;
    files::create_private_folder(folder)?;
    // The database first: every file that it names exists by then. Files added later are not referenced.
    let dump = dump(&settings.database, folder)?;
    let database = DatabaseEntry { kind: settings.database.kind().into(), schema, contents, dump };
    let (storage, copied) = match &settings.storage {
        Storage::Bucket(url) => (url.clone(), Vec::new()),
        Storage::Folder(storage) => {
            let copied = copy_files(storage, folder, previous.as_ref())?;
            ensure!(
                contents.videos == 0 || !copied.is_empty(),
                "the database names {} videos, but {} has no files: is STORAGE_URL right?",
                contents.videos,
                storage.display()
            );
            ("files".into(), copied)
        }
    };
    let new = copied.iter().filter(|file| file.is_new).count();
    let entries = copied.into_iter().map(|file| file.entry).collect();
    let manifest = Manifest::new(migration(&["--version"], None)?, database, storage, entries);
    manifest.write(folder)?;
    Ok((manifest, new))
}

fn report(folder: &Path, settings: &Settings, manifest: &Manifest, new: usize) {
    let (database, files) = (&manifest.database, &manifest.files);
    let Contents { accounts, jobs, videos, .. } = database.contents;
    let size = files::size(database.dump.bytes);
    println!("{}: {}, {size}, accounts {accounts}, jobs {jobs}, videos {videos}", folder.display(), database.kind);
    match &settings.storage {
        Storage::Folder(_) => {
            let total = files::size(files.iter().map(|file| file.bytes).sum());
            println!("  files {}, {total}, of which new {new}", files.len());
            if (files.len() as u64) < videos {
                eprintln!("backup: only {} files for {videos} videos: some are lost", files.len());
            }
        }
        Storage::Bucket(url) => {
            println!("  the files stay in {url}: protect them with the bucket's versioning and replication");
        }
    }
}

/// The newest backup in `to`.
fn latest(to: &Path) -> anyhow::Result<Option<(PathBuf, Manifest)>> {
    let mut names = Vec::new();
    for entry in to.read_dir().into_iter().flatten() {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.ends_with('Z') && name.bytes().take(4).all(|byte| byte.is_ascii_digit()));
    names.sort();
    let mut folders = names.iter().rev().map(|name| to.join(name));
    Ok(folders.find_map(|folder| Some((folder.clone(), Manifest::read(&folder).ok()?))))
}

fn copy_files(storage: &Path, folder: &Path, previous: Option<&(PathBuf, Manifest)>) -> anyhow::Result<Vec<Copied>> {
    let known = previous.map(|(_, manifest)| manifest.files_by_path()).unwrap_or_default();
    let mut copied = Vec::new();
    for path in files::list(storage)? {
        let to = folder.join("files").join(&path);
        let previous = previous.map(|(folder, _)| folder.join("files").join(&path));
        copied.extend(copy_file(&storage.join(&path), &to, &path, previous.as_deref(), &known)?);
    }
    Ok(copied)
}

/// Copies or links one file; `None` if it has been deleted in the meantime.
fn copy_file(
    from: &Path,
    to: &Path,
    path: &Path,
    previous: Option<&Path>,
    known: &BTreeMap<&str, &FileEntry>,
) -> anyhow::Result<Option<Copied>> {
    let Ok(found) = from.metadata() else { return Ok(None) };
    let path = path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))?.to_owned();
    let (bytes, modified) = (found.len(), timestamp(found.modified()?));
    files::create_private_folder(to.parent().unwrap_or(to))?;
    let unchanged = known.get(path.as_str()).filter(|file| file.bytes == bytes && file.modified == modified);
    if let Some((file, previous)) = unchanged.zip(previous) {
        std::fs::hard_link(previous, to).with_context(|| format!("linking {}", previous.display()))?;
        return Ok(Some(Copied { entry: (*file).clone(), is_new: false }));
    }
    files::copy_private(from, to)?;
    let (bytes, sha256) = (to.metadata()?.len(), files::digest(to)?);
    Ok(Some(Copied { entry: FileEntry { path, bytes, modified, sha256 }, is_new: true }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::super::manifest::Dump;
    use super::*;

    fn write(file: &Path, text: &str) {
        files::create_private_folder(file.parent().expect("a parent")).expect("created");
        std::fs::write(file, text).expect("written");
    }

    #[test]
    fn links_what_has_not_changed_and_copies_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let (storage, to) = (folder.path().join("videos"), folder.path().join("backups"));
        write(&storage.join("a/one.mp4"), "one");
        write(&storage.join("two.mp4"), "two");
        let first = to.join("2026-01-01T00-00-00Z");
        let copied = copy_files(&storage, &first, None).expect("copied");
        assert!(copied.len() == 2 && copied.iter().all(|file| file.is_new));
        let dump = Dump { file: String::new(), bytes: 0, sha256: String::new() };
        let database = DatabaseEntry { kind: "sqlite".into(), schema: 1, contents: Contents::default(), dump };
        let entries = copied.into_iter().map(|file| file.entry).collect();
        Manifest::new(String::new(), database, "files".into(), entries).write(&first).expect("written");

        write(&storage.join("two.mp4"), "changed");
        let previous = latest(&to).expect("read");
        let copied = copy_files(&storage, &to.join("second"), previous.as_ref()).expect("copied");
        assert_eq!(copied.iter().map(|file| file.is_new).collect::<Vec<_>>(), [false, true]);
        let inode = |folder: &str| to.join(folder).join("files/a/one.mp4").metadata().expect("there").ino();
        assert_eq!(inode("second"), inode("2026-01-01T00-00-00Z"));
    }

    #[test]
    fn ignores_unfinished_and_unreadable_backups() {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join(".2026-01-01T00-00-00Z.unfinished/manifest.json"), "{}");
        write(&folder.path().join("2026-01-02T00-00-00Z/manifest.json"), "{");
        assert!(latest(folder.path()).expect("read").is_none());
        assert!(latest(&folder.path().join("missing")).expect("read").is_none());
    }
}
