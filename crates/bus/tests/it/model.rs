//! Random interleavings of everything that happens to jobs, rows and scripts together, checked after each step and driven
//! to the end: submit, lose an enqueue, read, claim, finish, crash, bury, reclaim, sweep, cancel, start anew, lose a consumer, flush.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bus::{Bus, Consumer, Delivery, Flow, Limits, Position};
use entity::job::{self, CancelResult, ClaimResult, JobClaim, JobFailure, NewVideo, RetryBudget, Status};
use entity::{DatabaseConnection, JobId, UserId, WorkerId, id, worker};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use redis::AsyncCommands;
use testkit::Database;

const CAP: u32 = 5;
const LONG: Duration = Duration::from_secs(3_600);

struct Worker {
    id: WorkerId,
    consumer: Consumer,
    /// What it has in hand, claimed or not.
    hands: Vec<(Delivery, Option<JobClaim>)>,
}

struct World {
    db: DatabaseConnection,
    bus: Bus,
    raw: redis::aio::MultiplexedConnection,
    random: StdRng,
    users: Vec<UserId>,
    workers: Vec<Worker>,
    /// Every job ever submitted, and its terminal state once it had one.
    jobs: HashMap<JobId, Option<Status>>,
    /// A loss of Redis' data may leave up to twice the cap in flight, until settled.
    flushed: bool,
}

#[tokio::test]
async fn whatever_happens_in_whatever_order_every_job_ends_once_and_nothing_is_left() {
    for seed in 0..12 {
        let database = if seed % 4 == 3 { Database::postgres().await } else { Database::sqlite().await };
        let mut world = World::new(database.connection.clone(), seed).await;
        for step in 0..120 {
            world.step().await;
            world.check(&format!("seed {seed}, step {step}")).await;
        }
        world.end(seed).await;
    }
}

impl World {
    async fn new(db: DatabaseConnection, seed: u64) -> Self {
        let bus = testkit::bus().await;
        bus.mirror_limits(Limits { cap: CAP, paused: false }).await.unwrap();
        let client = redis::Client::open(testkit::redis_url()).unwrap();
        let raw = client.get_multiplexed_async_connection().await.unwrap();
        let mut users = Vec::new();
        for _ in 0..3 {
            users.push(testkit::user(&db).await);
        }
        let random = StdRng::seed_from_u64(seed);
        let mut world = Self { db, bus, raw, random, users, workers: vec![], jobs: HashMap::new(), flushed: false };
        for _ in 0..2 {
            world.hire().await;
        }
        world
    }

    async fn hire(&mut self) {
        let id = id::new_id();
        worker::register(&self.db, id, "model", LONG).await.unwrap();
        self.workers.push(Worker { id, consumer: self.bus.consumer(id), hands: vec![] });
    }

    async fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..25 => self.submit().await,
            25..50 => self.read().await,
            50..68 => self.finish().await,
            68..76 => self.cancel().await,
            76..82 => self.reopen().await,
            82..88 => self.reclaim(3).await,
            88..93 => {
                let chosen = self.random.random_range(0..self.workers.len());
                self.crash(chosen).await;
            }
            93..97 => self.sweep().await,
            97 => self.forgetful_worker(),
            98 => self.lose_a_consumer().await,
            _ => self.flush().await,
        }
    }

    async fn submit(&mut self) {
        let user_id = self.users[self.random.random_range(0..self.users.len())];
        let orientation = job::Orientation::Portrait;
        let (prompt, model, size) = ("p".to_owned(), "m".to_owned(), "720x1280".to_owned());
        let new = job::New {
            user_id,
            prompt,
            orientation,
            seconds: 10,
            model,
            size,
            remix_of: None,
            reference_image_id: None,
            traceparent: None,
        };
        let job = testkit::job(&self.db, &new).await;
        self.jobs.insert(job.id, None);
        if self.random.random_bool(0.9) {
            self.bus.enqueue(job.id, &Flow::new_jobs(user_id), Position::FairTurn).await.unwrap();
        }
    }

    /// One new delivery to a random worker, without waiting for one.
    async fn read(&mut self) {
        self.bus.admit().await.unwrap();
        let chosen = self.random.random_range(0..self.workers.len());
        let id = self.workers[chosen].id;
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg("processors").arg(id.to_string()).arg("COUNT").arg(1);
        command.arg("STREAMS").arg(&self.bus.keys().jobs).arg(">");
        let reply: Option<redis::streams::StreamReadReply> = command.query_async(&mut self.raw).await.unwrap();
        self.bus.admit().await.unwrap();
        for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            let job: String = entry.get("job").unwrap();
            let flow = Flow::new_jobs(self.users[0]);
            let delivery = Delivery { entry: entry.id, consumer: id.into(), job: job.parse().unwrap(), flow };
            self.take(chosen, delivery).await;
        }
    }

    async fn reclaim(&mut self, count: usize) {
        let chosen = self.random.random_range(0..self.workers.len());
        let found = self.workers[chosen].consumer.reclaim(Duration::ZERO, count).await.unwrap();
        for delivery in found.deliveries {
            self.take(chosen, delivery).await;
        }
    }

    /// What a processor does with a delivery: the database decides.
    async fn take(&mut self, chosen: usize, delivery: Delivery) {
        let worker = &mut self.workers[chosen];
        let job = JobId::from(delivery.job);
        if worker.hands.iter().any(|(held, _)| held.job == delivery.job) {
            self.bus.reassign(&delivery, worker.id, Duration::ZERO).await.unwrap();
            return;
        }
        match job::claim(&self.db, job, worker.id).await.unwrap() {
            ClaimResult::Claimed(row) => {
                worker.hands.push((delivery, Some(JobClaim { job: row.id, epoch: row.epoch })))
            }
            ClaimResult::NotClaimable(row) => match row.worker_id.filter(|_| row.status == Status::Processing) {
                Some(holder) => self.bus.reassign(&delivery, holder, Duration::ZERO).await.unwrap(),
                None => drop(self.bus.ack_and_publish(&delivery, None).await.unwrap()),
            },
            ClaimResult::NotFound | ClaimResult::WorkerExpired => {
                panic!("a worker that lives claimed a job that exists")
            }
        }
    }

    /// Some job in hand ends, is put off or handed over; its worker may die before it settles.
    async fn finish(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        if self.workers[chosen].hands.is_empty() {
            return;
        }
        let at = self.random.random_range(0..self.workers[chosen].hands.len());
        let (delivery, held) = self.workers[chosen].hands.swap_remove(at);
        let how = self.random.random_range(0..10);
        if let Some(held) = held {
            self.write(held, how).await;
        }
        if self.random.random_bool(0.85) {
            self.bus.ack_and_publish(&delivery, None).await.unwrap();
        }
    }

    async fn write(&mut self, held: JobClaim, how: u32) {
        let (id, path) = (id::new_id(), String::new());
        let video = NewVideo { id, path, size: 1, content_type: "video/mp4".into(), sha256: String::new() };
        let failure = JobFailure { code: "refused", message: String::new() };
        let row = match how {
            0..5 => job::complete(&self.db, held, video).await,
            5 => job::fail(&self.db, held, &failure).await,
            6..8 => job::retry_later(&self.db, held, Some(RetryBudget::Retry), Duration::ZERO).await,
            8 => job::hand_over(&self.db, held).await,
            _ => job::finish_cancelled(&self.db, held).await,
        };
        let ended = row.unwrap().filter(|row| row.status.is_terminal());
        if let Some(row) = ended {
            assert_eq!(self.jobs.insert(row.id, Some(row.status)), Some(None), "two terminal states");
        }
    }

    async fn cancel(&mut self) {
        let Some(job) = self.any(|_| true) else { return };
        let owner = job::by_id(&self.db, job).await.unwrap().unwrap().user_id;
        if let Some(CancelResult::Cancelled(row)) = job::cancel(&self.db, job, owner).await.unwrap() {
            self.jobs.insert(job, Some(row.status));
            self.bus.remove(job).await.unwrap();
        }
    }

    async fn reopen(&mut self) {
        let Some(job) = self.any(|status| matches!(status, Some(Status::Failed | Status::Cancelled))) else { return };
        let owner = job::by_id(&self.db, job).await.unwrap().unwrap().user_id;
        assert!(job::restart(&self.db, job, owner, None).await.unwrap().created().unwrap().is_some());
        self.jobs.insert(job, None);
        self.bus.remove(job).await.unwrap();
        self.bus.enqueue(job, &Flow::retries(owner), Position::FairTurn).await.unwrap();
    }

    fn any(&mut self, wanted: impl Fn(Option<Status>) -> bool) -> Option<JobId> {
        let mut jobs: Vec<_> = self.jobs.iter().filter(|(_, status)| wanted(**status)).map(|(job, _)| *job).collect();
        jobs.sort_unstable();
        (!jobs.is_empty()).then(|| jobs[self.random.random_range(0..jobs.len())])
    }

    /// A worker dies and is buried; another one comes.
    async fn crash(&mut self, chosen: usize) {
        let dead = self.workers.remove(chosen);
        worker::renew_lease(&self.db, dead.id, Duration::ZERO).await.unwrap();
        let buried = testkit::eventually("the lease is over", async || worker::reap_one(&self.db).await.unwrap()).await;
        for row in buried.jobs.into_iter().filter(|row| row.status.is_terminal()) {
            assert_eq!(self.jobs.insert(row.id, Some(row.status)), Some(None), "two terminal states");
        }
        self.hire().await;
    }

    /// A worker forgets what it has in hand: the answer to a claim was lost, a task panicked.
    fn forgetful_worker(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        self.workers[chosen].hands.clear();
    }

    /// Somebody deletes a consumer by hand: what it holds is pending for nobody any more.
    async fn lose_a_consumer(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        let mut command = redis::cmd("XGROUP");
        command.arg("DELCONSUMER").arg(&self.bus.keys().jobs).arg("processors");
        // Without a stream there is no consumer to delete.
        let _: Result<u64, _> = command.arg(self.workers[chosen].id.to_string()).query_async(&mut self.raw).await;
    }

    async fn sweep(&mut self) {
        self.bus.drop_orphans().await.unwrap();
        let due = job::promote_due(&self.db, 200).await.unwrap();
        let pending = job::pending_after(&self.db, None, 1_000).await.unwrap();
        for job in due.into_iter().chain(pending) {
            self.bus.enqueue(job.id, &Flow::new_jobs(job.user_id), Position::FairTurn).await.unwrap();
        }
    }

    async fn flush(&mut self) {
        let keys = self.bus.keys().clone();
        let all = [&keys.jobs, &keys.backlog, &keys.tags, &keys.clock, &keys.places, &keys.limits];
        let _: () = self.raw.del(&all[..]).await.unwrap();
        self.bus.mirror_limits(Limits { cap: CAP, paused: false }).await.unwrap();
        self.flushed = true;
    }

    /// What must hold at any moment: `where` points to real places, and no more is in flight than allowed.
    async fn check(&mut self, when: &str) {
        let keys = self.bus.keys().clone();
        let places: HashMap<String, String> = self.raw.hgetall(&keys.places).await.unwrap();
        let entries: Option<redis::streams::StreamRangeReply> = self.raw.xrange_all(&keys.jobs).await.unwrap();
        let entries: HashSet<_> = entries.into_iter().flat_map(|reply| reply.ids).map(|entry| entry.id).collect();
        for (job, value) in places {
            let (place, _) = value.split_once('|').unwrap();
            let score: Option<f64> = self.raw.zscore(&keys.backlog, &job).await.unwrap();
            let real = if place == "b" { score.is_some() } else { entries.contains(place) };
            assert!(real, "{when}: {job} is not at {value}");
        }
        assert!(self.flushed || entries.len() <= CAP as usize, "{when}: {} are in flight", entries.len());
    }

    /// Everything heals: each job must come to its end, and Redis must be left empty.
    async fn end(mut self, seed: u64) {
        for _ in 0..self.workers.len() {
            self.crash(0).await;
        }
        let mut rounds = 0;
        while self.jobs.values().any(Option::is_none) || self.held_by_redis().await > 0 {
            rounds += 1;
            assert!(rounds < 500, "seed {seed}: {} never ends", self.left().await);
            self.sweep().await;
            self.reclaim(100).await;
            self.read().await;
            for chosen in 0..self.workers.len() {
                for (delivery, held) in std::mem::take(&mut self.workers[chosen].hands) {
                    if let Some(held) = held {
                        self.write(held, 0).await;
                    }
                    self.bus.ack_and_publish(&delivery, None).await.unwrap();
                }
            }
        }
        for (job, status) in &self.jobs {
            let row = job::by_id(&self.db, *job).await.unwrap().unwrap();
            assert_eq!((Some(row.status), row.worker_id), (*status, None), "seed {seed}: {job}");
        }
    }

    /// What Redis and the rows still hold, for a failure's message.
    async fn left(&mut self) -> String {
        let keys = self.bus.keys().clone();
        let places: HashMap<String, String> = self.raw.hgetall(&keys.places).await.unwrap();
        let waiting: Vec<(String, f64)> = self.raw.zrange_withscores(&keys.backlog, 0, -1).await.unwrap();
        let entries: redis::Value = self.raw.xrange_all(&keys.jobs).await.unwrap();
        let groups: redis::Value = self.raw.xinfo_groups(&keys.jobs).await.unwrap();
        let active: Vec<_> = self.jobs.iter().filter(|(_, status)| status.is_none()).collect();
        format!("active {active:?}, where {places:?}, backlog {waiting:?}, stream {entries:?}, group {groups:?}")
    }

    async fn held_by_redis(&mut self) -> u64 {
        let keys = self.bus.keys().clone();
        let waiting: u64 = self.raw.zcard(&keys.backlog).await.unwrap();
        let in_flight: u64 = self.raw.xlen(&keys.jobs).await.unwrap();
        let known: u64 = self.raw.hlen(&keys.places).await.unwrap();
        waiting + in_flight + known
    }
}
