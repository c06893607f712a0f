//! Files: private to their owner, flushed to disk, and identified by their SHA-256.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// Every file below a folder, relative to it and sorted. Files that the storage is still writing (`NAME#NUMBER`) are left out.
pub(super) fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(current) = pending.pop().filter(|_| folder.exists()) {
        for entry in current.read_dir().with_context(|| current.display().to_string())? {
            let (path, kind) = {
                let entry = entry?;
                (entry.path(), entry.file_type()?)
            };
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_file() && !is_partial(&path) {
                files.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_partial(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn digest(file: &Path) -> std::io::Result<String> {
    let (mut reader, mut hash) = (File::open(file)?, Sha256::new());
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }));
        }
        hash.update(&buffer[..read]);
    }
}

/// Flushes a file to disk.
pub(super) fn flush(file: &Path) -> anyhow::Result<()> {
    File::open(file).and_then(|file| file.sync_all()).with_context(|| file.display().to_string())
}

/// Writes a file that only its owner can read, and flushes it.
pub(super) fn write_private(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    create(file, 0o600).and_then(|mut created| std::io::Write::write_all(&mut created, content))?;
    flush(file)
}

/// Copies a file for its owner only, and flushes it.
pub(super) fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy(from, to, 0o600)?;
    flush(to)
}

/// Copies a file with the permissions of a new one, as the umask allows.
pub(super) fn copy_shared(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy(from, to, 0o666)
}

/// The kernel copies the content, and shares it where the file system can.
fn copy(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    let copied = File::open(from).and_then(|mut source| std::io::copy(&mut source, &mut create(to, mode)?));
    copied.map(drop).with_context(|| format!("copying {} to {}", from.display(), to.display()))
}

fn create(file: &Path, mode: u32) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(file)
}

/// Creates a folder and its parents for their owner only.
pub(super) fn create_private_folder(folder: &Path) -> anyhow::Result<()> {
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.with_context(|| folder.display().to_string())
}

/// A size for people.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1_000_000 {
        return format!("{} kB", bytes.div_ceil(1_000));
    }
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn lists_complete_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("created");
        for name in ["a/b/one.mp4", "a/two.mp4#3", "three#x", "four#"] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        let expected: Vec<PathBuf> = ["a/b/one.mp4", "four#", "three#x"].map(PathBuf::from).to_vec();
        assert_eq!(list(folder.path()).expect("listed"), expected);
        assert!(list(&folder.path().join("missing")).expect("listed").is_empty());
    }

    #[test]
    fn private_copies_are_for_their_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, "content").expect("written");
        std::fs::set_permissions(&from, PermissionsExt::from_mode(0o644)).expect("set");
        copy_private(&from, &to).expect("copied");
        assert_eq!(to.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(digest(&to).expect("read"), digest(&from).expect("read"));
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(["0 kB", "1 kB", "1.0 MB", "12.3 MB"], [0, 1, 1_000_000, 12_345_678].map(size).map(String::leak));
    }
}
