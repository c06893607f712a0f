//! Behaviour specific to a bucket.

use futures::StreamExt;
use storage::{Error, PutError};
use testkit::Bucket;

use crate::world::{chunks, megabytes, opened, read};

#[tokio::test]
async fn interrupted_multipart_upload_leaves_no_parts() {
    let bucket = Bucket::new().await;
    let storage = opened(&bucket.variables());
    let broken = storage.put("videos/x.mp4", megabytes(11).chain(chunks(&[Err("cut")]))).await;
    assert!(matches!(broken, Err(PutError::Source("cut"))));
    let unfinished = bucket.unfinished().await;
    assert!(unfinished.contains("200 OK") && !unfinished.contains("<UploadId>"), "{unfinished}");
}

#[tokio::test]
async fn reads_and_writes_only_under_the_prefix() {
    let bucket = Bucket::new().await;
    let mut variables = bucket.variables();
    let ours = opened(&variables);
    variables.push(("STORAGE_URL", format!("s3://{}/another", bucket.name)));
    let theirs = opened(&variables);
    ours.put("videos/x.mp4", chunks(&[Ok("ours")])).await.unwrap();
    assert!(matches!(read(&theirs, "videos/x.mp4", None).await, Err(Error::NotFound(_))));
    assert!(theirs.list().next().await.is_none());
    assert!(bucket.listed().await.contains("<Key>sora/videos/x.mp4</Key>"));
}

#[tokio::test]
async fn missing_bucket_is_not_reported_as_a_missing_file() {
    let bucket = Bucket::new().await;
    let mut variables = bucket.variables();
    variables.push(("STORAGE_URL", "s3://there-is-no-such-bucket".into()));
    let storage = opened(&variables);
    assert!(matches!(storage.ping().await, Err(Error::Store(_))));
    assert!(matches!(read(&storage, "videos/x.mp4", None).await, Err(Error::Store(_))));
    assert!(matches!(storage.put("videos/x.mp4", chunks(&[Ok("x")])).await, Err(PutError::Storage(_))));
}
