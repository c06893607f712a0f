//! A folder and a bucket for one test.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, TryStreamExt, stream};
use service::Environment;
use storage::{Error, Storage, StorageConfig};
use tempfile::TempDir;
use testkit::Bucket;

type Chunk = Result<Bytes, &'static str>;

/// A storage and the temporary folder behind it, if any.
pub(crate) struct World {
    pub(crate) storage: Storage,
    _folder: Option<TempDir>,
}

impl World {
    /// Creates an empty storage of each kind.
    pub(crate) async fn each() -> [Self; 2] {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::folder(folder.path()).unwrap();
        let bucket = opened(&Bucket::new().await.variables());
        [Self { storage, _folder: Some(folder) }, Self { storage: bucket, _folder: None }]
    }
}

/// Opens the storage that these variables configure.
pub(crate) fn opened(variables: &[(&'static str, String)]) -> Storage {
    let lookup = |name: &str| variables.iter().rev().find(|(set, _)| *set == name).map(|(_, value)| value.clone());
    let mut env = Environment::new(&lookup);
    let place = StorageConfig::read(&mut env);
    Storage::open(&env.finish(place).unwrap()).unwrap()
}

pub(crate) fn chunks(parts: &[Result<&'static str, &'static str>]) -> impl Stream<Item = Chunk> + Unpin + use<> {
    stream::iter(parts.iter().map(|part| part.map(Bytes::from)).collect::<Vec<_>>())
}

/// Returns `count` chunks of one mebibyte, each filled with its index.
pub(crate) fn megabytes(count: u8) -> impl Stream<Item = Chunk> + Unpin {
    stream::iter((0..count).map(|number| Ok(Bytes::from(vec![number; 1 << 20]))))
}

pub(crate) async fn read(storage: &Storage, path: &str, range: Option<Range<u64>>) -> Result<(u64, Vec<u8>), Error> {
    let content = storage.get(path, range).await?;
    let bytes: Vec<Bytes> = content.bytes.try_collect().await?;
    Ok((content.size, bytes.concat()))
}
