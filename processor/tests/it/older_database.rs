//! An older copy of the database: no job that it calls unfinished is paid for again.

use bus::Recency;
use entity::job::Status;
use entity::{recency, restore};
use testkit::{Database, eventually, free_port, get};
use tokio::net::TcpStream;

use crate::test_platform::{TestPlatform, terminate};

/// Makes the database older than what Redis knows of it.
async fn age(platform: &TestPlatform) {
    let held = recency::current(&platform.database.connection).await.unwrap();
    let ahead = Recency { database: held.database_id, tick: held.tick + 100 };
    platform.bus.record_recency(ahead).await.unwrap();
}

#[tokio::test]
async fn starts_nothing_with_an_older_copy_until_it_was_prepared() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 10).await;
        let address = format!("127.0.0.1:{}", free_port().await);
        let probed = [("METRICS_LISTEN", address.as_str())];
        let outdated = async || {
            eventually("the processor listens", async || TcpStream::connect(&address).await.ok()).await;
            let ready = async || get(&address, "/readyz").await.contains(r#""database":"outdated""#).then_some(());
            eventually("the processor reports the older copy", ready).await;
        };
        let processor = platform.processor(&probed);
        let done = platform.submit("before").await;
        assert_eq!(platform.end(done).await.status, Status::Completed);

        age(&platform).await;
        outdated().await;
        let unfinished = platform.submit("unfinished in the copy").await;
        terminate(processor).await;
        let processor = platform.processor(&probed);
        outdated().await;
        assert_eq!(platform.row(unfinished).await.status, Status::Pending);
        terminate(processor).await;

        restore::finalize(&platform.database.connection).await.unwrap();
        let _processor = platform.processor(&probed);
        let later = platform.submit("later").await;
        assert_eq!(platform.end(later).await.status, Status::Completed);
        let restored = platform.row(unfinished).await;
        assert_eq!((restored.status, restored.error_code.as_deref()), (Status::Failed, Some("restored")));
        assert_eq!(platform.simulator.stats().total.submissions, 2);
    }
}
