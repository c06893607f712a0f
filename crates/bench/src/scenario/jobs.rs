//! Whole jobs, from the request to the stored video, with an upstream that answers at once: how many a second, and the
//! processor time of each in the gateway, the processor, PostgreSQL and Redis.
//!
//! The video is a few bytes, and no poster is made of it. The clients of `jobs` do not poll.

use std::time::Duration;

use entity::job::{Column, Entity, Status};
use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::{ColumnTrait as _, DatabaseConnection, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use tokio::time::{Instant, sleep, timeout};

use crate::arguments::Arguments;
use crate::platform::{Platform, User};
use crate::process::cpu_time_of_all;
use crate::upstream::Pace;

/// Requests at a time.
const CONNECTIONS: usize = 32;

/// Maximum time for all jobs to end.
const END_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs the scenario.
pub(crate) async fn jobs(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(10).await?;
    let db = platform.database().await?;
    platform.upstream.set_pace(Pace { interval: Duration::ZERO, step: 100 });
    println!("whole jobs: {} each; processor time per job in microseconds", arguments.jobs);
    println!("  {:<34} {:>7}  gateway  processor  PostgreSQL  Redis  processor MiB", "", "per s");
    platform.start_processor()?;
    submit(platform, &users, arguments.jobs / 10).await?;
    ended(&db, arguments.jobs / 10).await?;
    let already = completed(&db).await?;
    let together = Measured::start(platform)?;
    submit(platform, &users, arguments.jobs).await?;
    ended(&db, already + arguments.jobs as u64).await?;
    together.print(platform, "submitted while they are processed", arguments.jobs)?;
    platform.stop_processor().await?;

    submit(platform, &users, arguments.jobs).await?;
    platform.start_processor()?;
    let backlog = Measured::start(platform)?;
    ended(&db, already + 2 * arguments.jobs as u64).await?;
    backlog.print(platform, "from a backlog", arguments.jobs)?;
    platform.stop_processor().await
}

async fn submit(platform: &Platform, users: &[User], number: usize) -> anyhow::Result<()> {
    let submitting = (0..number).map(|number| {
        let user = &users[number % users.len()];
        async move { platform.submit(user, "A paper boat drifts down a rainy street").await }
    });
    stream::iter(submitting).buffer_unordered(CONNECTIONS).map_ok(drop).try_collect().await
}

async fn completed(db: &DatabaseConnection) -> anyhow::Result<u64> {
    Ok(Entity::find().filter(Column::Status.eq(Status::Completed)).count(db).await?)
}

async fn ended(db: &DatabaseConnection, number: impl TryInto<u64>) -> anyhow::Result<()> {
    let number = number.try_into().unwrap_or(u64::MAX);
    let all = async {
        while completed(db).await? < number {
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    timeout(END_TIMEOUT, all).await?
}

struct Measured {
    began: Instant,
    used: [Duration; 4],
}

impl Measured {
    fn start(platform: &Platform) -> anyhow::Result<Self> {
        Ok(Self { began: Instant::now(), used: used(platform)? })
    }

    fn print(self, platform: &Platform, name: &str, jobs: usize) -> anyhow::Result<()> {
        let (took, now, jobs) = (self.began.elapsed().as_secs_f64(), used(platform)?, jobs as f64);
        let [gateway, processor, postgres, redis] =
            std::array::from_fn(|part| (now[part] - self.used[part]).as_secs_f64() * 1e6 / jobs);
        let rate = jobs / took;
        let memory = platform.processor()?.memory()? >> 20;
        println!(
            "  {name:<34} {rate:>7.0}  {gateway:>7.0}  {processor:>9.0}  {postgres:>10.0}  {redis:>5.0}  {memory:>13}"
        );
        Ok(())
    }
}

fn used(platform: &Platform) -> anyhow::Result<[Duration; 4]> {
    let (gateway, processor) = (platform.gateway()?.cpu_time()?, platform.processor()?.cpu_time()?);
    Ok([gateway, processor, cpu_time_of_all("postgres")?, platform.redis()?.cpu_time()?])
}
