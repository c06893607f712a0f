//! The limits of the queue and their version.

use entity::limits;
use futures::future::join_all;
use testkit::Database;

#[tokio::test]
async fn every_change_raises_the_version() {
    for database in Database::each().await {
        let db = &database.connection;
        let first = limits::seed(db, 5).await.unwrap();
        assert_eq!((first.concurrency, first.paused, first.version), (5, false, 1));
        assert_eq!(limits::seed(db, 9).await.unwrap(), first);
        let changes = join_all((0..20).map(|n| limits::update(db, Some(n), None))).await;
        let mut versions: Vec<_> = changes.into_iter().map(|changed| changed.unwrap().version).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..22).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_version_is_raised_above_another_one_only_if_it_is_not_higher() {
    for database in Database::each().await {
        let db = &database.connection;
        limits::seed(db, 5).await.unwrap();
        assert_eq!(limits::raise_version(db, 7).await.unwrap().version, 8);
        assert_eq!(limits::raise_version(db, 7).await.unwrap().version, 8);
        assert_eq!(limits::raise_version(db, 8).await.unwrap().version, 9);
    }
}
