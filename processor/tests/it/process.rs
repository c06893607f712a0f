//! The processor as a process of the operating system: its log, and signals.

use std::os::unix::fs::PermissionsExt;

use entity::job::Status;
use testkit::Database;

use crate::test_platform::{TestPlatform, signal, terminate};

#[tokio::test]
async fn works_and_stops_while_nobody_reads_its_log() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let processor = platform.processor_with_unread_log();
    for number in 0..12 {
        let job = platform.submit(&format!("number {number}")).await;
        assert_eq!(platform.end(job).await.status, Status::Completed);
    }
    assert_eq!(terminate(processor).await, Some(0));
}

#[tokio::test]
async fn stores_files_that_only_its_user_can_read() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[]);
    let ended = platform.end(platform.submit("a lighthouse").await).await;
    let file = platform.folder().join(platform.video_row(&ended).await.path);
    for (path, mode) in [(file.as_path(), 0o600), (file.parent().unwrap(), 0o700)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn signals_without_a_meaning_do_not_interrupt_a_job() {
    let platform = TestPlatform::new(Database::sqlite().await, 100).await;
    let processor = platform.processor(&[]);
    let job = platform.submit("a quiet lake").await;
    platform.until(job, "the upstream reports progress", |job| job.progress > 0).await;
    for name in ["HUP", "USR1", "USR2", "PIPE", "ALRM", "VTALRM", "PROF", "IO", "XCPU", "XFSZ"] {
        signal(&processor, name).await;
    }
    assert_eq!(platform.end(job).await.status, Status::Completed);
    assert_eq!(platform.simulator.stats().total.submissions, 1);
    assert_eq!(terminate(processor).await, Some(0));
}
