//! A failover of Redis under load: connections that are open stay open to the server that was the primary.

use bus::{Flow, Position};
use entity::job::Status;
use testkit::{Database, Failover};

use crate::test_platform::TestPlatform;

const JOBS: usize = 12;

/// Commits jobs and enqueues them if Redis allows it, as gateways do.
async fn submit_many(platform: &TestPlatform) -> Vec<entity::JobId> {
    let mut jobs = Vec::new();
    for n in 0..JOBS {
        let job = platform.create(&format!("job {n}")).await;
        let _ = platform.queue().enqueue(job, &Flow::new_jobs(platform.user), Position::FairTurn).await;
        jobs.push(job);
    }
    jobs
}

#[tokio::test]
async fn finishes_every_job_once_across_failovers_of_redis() {
    for (database, planned) in Database::each().await.into_iter().zip([true, false]) {
        let mut redis = Failover::start().await;
        let platform = TestPlatform::new(database, 20).await.on_redis(&redis.url());
        // Long leases, so that no worker expires however busy the machine is.
        let long_leases = [("LEASE_TTL", "30s"), ("LEASE_RENEW", "5s")];
        let _processors = [platform.processor(&long_leases), platform.processor(&long_leases)];
        let mut jobs = submit_many(&platform).await;
        platform.until(jobs[0], "the first job makes progress", |job| job.progress > 0).await;
        redis.fail_over(planned).await;
        jobs.extend(submit_many(&platform).await);
        for job in &jobs {
            let ended = platform.end(*job).await;
            assert_eq!((ended.status, ended.error_code), (Status::Completed, None));
        }
        assert_eq!(platform.simulator.stats().total.submissions, jobs.len() as u64);
        for job in jobs {
            platform.redis_is_empty(job).await;
        }
    }
}
