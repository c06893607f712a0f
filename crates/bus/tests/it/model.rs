//! Random interleavings of all that happens to rows and scripts together: submit, lose an enqueue, read, claim, finish,
//! crash, reap, reclaim, reconcile, cancel, restart, lose a consumer, flush. The invariants are checked after each step, and
//! at the end every job must finish.

mod check;

use std::collections::HashMap;
use std::time::Duration;

use bus::{Consumer, Delivery, Flow, Limits, PlaceOffer, Position, Queue};
use entity::job::{self, CancelResult, ClaimResult, JobClaim, JobFailure, NewVideo, RetryBudget, Status};
use entity::{DatabaseConnection, JobId, UserId, WorkerId, id, worker};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use redis::AsyncCommands;
use testkit::Database;

const CAP: u32 = 5;
const LEASE_TTL: Duration = Duration::from_secs(3_600);

/// Places at each of the two upstreams of a pool.
const PLACES: u32 = 3;

struct Worker {
    id: WorkerId,
    consumers: [Consumer; 2],
    /// The deliveries it holds, with the claim if the database granted it.
    deliveries: Vec<(Delivery, Option<JobClaim>)>,
}

struct World {
    db: DatabaseConnection,
    /// The queues of two pools. The last bit of a job's id decides its pool.
    queues: [Queue; 2],
    raw: redis::aio::MultiplexedConnection,
    random: StdRng,
    users: Vec<UserId>,
    workers: Vec<Worker>,
    /// Every job ever submitted, with its terminal status once it has one.
    jobs: HashMap<JobId, Option<Status>>,
    /// After Redis has lost its data, up to twice the cap may be in flight.
    flushed: bool,
}

#[tokio::test]
async fn every_job_finishes_once_and_leaves_nothing_behind() {
    for seed in 0..12 {
        let database = if seed % 4 == 3 { Database::postgres().await } else { Database::sqlite().await };
        let mut world = World::new(database.connection.clone(), seed).await;
        for step in 0..120 {
            world.step().await;
            world.check(&format!("seed {seed}, step {step}")).await;
        }
        world.finish_all(seed).await;
    }
}

impl World {
    async fn new(db: DatabaseConnection, seed: u64) -> Self {
        let bus = testkit::bus();
        let queues = ["default", "other"].map(|pool| bus.queue(pool));
        for queue in &queues {
            queue.mirror_limits(Limits { cap: CAP, paused: false, version: 1 }).await.unwrap();
        }
        let client = redis::Client::open(testkit::redis_url()).unwrap();
        let raw = client.get_multiplexed_async_connection().await.unwrap();
        let mut users = Vec::new();
        for _ in 0..3 {
            users.push(testkit::user(&db).await);
        }
        let random = StdRng::seed_from_u64(seed);
        let mut world = Self { db, queues, raw, random, users, workers: vec![], jobs: HashMap::new(), flushed: false };
        for _ in 0..2 {
            world.add_worker().await;
        }
        world
    }

    async fn add_worker(&mut self) {
        let id = id::new_id();
        worker::register(&self.db, id, "model", LEASE_TTL).await.unwrap();
        let consumers = self.queues.each_ref().map(|queue| queue.consumer(id));
        self.workers.push(Worker { id, consumers, deliveries: vec![] });
    }

    fn queue_of(&self, job: JobId) -> &Queue {
        &self.queues[usize::from(uuid::Uuid::from(job).as_bytes()[15] & 1)]
    }

    async fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..25 => self.submit().await,
            25..50 => self.read().await,
            50..68 => self.finish().await,
            68..76 => self.cancel().await,
            76..82 => self.restart().await,
            82..88 => self.reclaim(3).await,
            88..93 => {
                let chosen = self.random.random_range(0..self.workers.len());
                self.crash(chosen).await;
            }
            93..97 => self.reconcile().await,
            97 => self.lose_deliveries(),
            98 => self.delete_consumer().await,
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
            self.queue_of(job.id).enqueue(job.id, &Flow::new_jobs(user_id), Position::FairTurn).await.unwrap();
        }
    }

    /// Delivers a new entry to a random worker, if there is one.
    async fn read(&mut self) {
        let queue = self.queues[self.random.random_range(0..2)].clone();
        queue.admit().await.unwrap();
        let chosen = self.random.random_range(0..self.workers.len());
        let id = self.workers[chosen].id;
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg("processors").arg(id.to_string()).arg("COUNT").arg(1);
        command.arg("STREAMS").arg(&queue.keys().jobs).arg(">");
        let reply: Option<redis::streams::StreamReadReply> = command.query_async(&mut self.raw).await.unwrap();
        queue.admit().await.unwrap();
        for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            let job: String = entry.get("job").unwrap();
            let flow = Flow::new_jobs(self.users[0]);
            let delivery = Delivery { entry: entry.id, consumer: id, job: job.parse().unwrap(), flow };
            self.handle(chosen, delivery).await;
        }
    }

    async fn reclaim(&mut self, count: usize) {
        let chosen = self.random.random_range(0..self.workers.len());
        for pool in 0..self.queues.len() {
            let found = self.workers[chosen].consumers[pool].reclaim(Duration::ZERO, count).await.unwrap();
            for delivery in found.deliveries {
                self.handle(chosen, delivery).await;
            }
        }
    }

    /// Handles a delivery as a processor does: the database decides.
    async fn handle(&mut self, chosen: usize, delivery: Delivery) {
        let job = delivery.job;
        let queue = self.queue_of(job).clone();
        let worker = &mut self.workers[chosen];
        if worker.deliveries.iter().any(|(held, _)| held.job == delivery.job) {
            queue.reassign(&delivery, worker.id).await.unwrap();
            return;
        }
        match job::claim(&self.db, job, worker.id).await.unwrap() {
            ClaimResult::Claimed(row) => {
                worker.deliveries.push((delivery, Some(JobClaim { job: row.id, epoch: row.epoch })));
                let place = queue.take_place(job, &offers()).await.unwrap();
                assert!(place.is_some() || has_full_upstreams(&queue).await, "no place although one is free");
            }
            ClaimResult::NotClaimable(row) => match row.worker_id.filter(|_| row.status == Status::Processing) {
                Some(holder) => queue.reassign(&delivery, holder).await.unwrap(),
                None => drop(queue.ack_and_publish(&delivery, None).await.unwrap()),
            },
            ClaimResult::NotFound | ClaimResult::WorkerExpired => {
                panic!("the worker is alive and the job exists")
            }
        }
    }

    /// Finishes, defers or hands over a claim job; its worker may die before it acknowledges.
    async fn finish(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        if self.workers[chosen].deliveries.is_empty() {
            return;
        }
        let index = self.random.random_range(0..self.workers[chosen].deliveries.len());
        let (delivery, claim) = self.workers[chosen].deliveries.swap_remove(index);
        let how = self.random.random_range(0..10);
        if let Some(claim) = claim {
            self.write(claim, how).await;
        }
        if self.random.random_bool(0.85) {
            self.queue_of(delivery.job).ack_and_publish(&delivery, None).await.unwrap();
        }
    }

    async fn write(&mut self, claim: JobClaim, how: u32) {
        let (id, path) = (id::new_id(), String::new());
        let video = NewVideo { id, path, size: 1, content_type: "video/mp4".into(), sha256: String::new() };
        let failure = JobFailure { code: "refused", message: String::new() };
        let row = match how {
            0..5 => job::complete(&self.db, claim, video).await,
            5 => job::fail(&self.db, claim, &failure).await,
            6..8 => job::retry_later(&self.db, claim, Some(RetryBudget::Retry), Duration::ZERO).await,
            8 => job::hand_over(&self.db, claim).await,
            _ => job::finish_cancelled(&self.db, claim).await,
        };
        let finished = row.unwrap().filter(|row| row.status.is_terminal());
        if let Some(row) = finished {
            assert_eq!(self.jobs.insert(row.id, Some(row.status)), Some(None), "two terminal states");
        }
    }

    async fn cancel(&mut self) {
        let Some(job) = self.choose_job(|_| true) else { return };
        let owner = job::by_id(&self.db, job).await.unwrap().unwrap().user_id;
        if let Some(CancelResult::Cancelled(row)) = job::cancel(&self.db, job, owner).await.unwrap() {
            self.jobs.insert(job, Some(row.status));
            self.queue_of(job).remove(job).await.unwrap();
        }
    }

    async fn restart(&mut self) {
        let Some(job) = self.choose_job(|status| matches!(status, Some(Status::Failed | Status::Cancelled))) else {
            return;
        };
        let owner = job::by_id(&self.db, job).await.unwrap().unwrap().user_id;
        assert!(job::restart(&self.db, job, owner, None).await.unwrap().created().unwrap().is_some());
        self.jobs.insert(job, None);
        self.queue_of(job).remove(job).await.unwrap();
        self.queue_of(job).enqueue(job, &Flow::retries(owner), Position::FairTurn).await.unwrap();
    }

    fn choose_job(&mut self, wanted: impl Fn(Option<Status>) -> bool) -> Option<JobId> {
        let mut jobs: Vec<_> = self.jobs.iter().filter(|(_, status)| wanted(**status)).map(|(job, _)| *job).collect();
        jobs.sort_unstable();
        (!jobs.is_empty()).then(|| jobs[self.random.random_range(0..jobs.len())])
    }

    /// A worker dies and is reaped; another one starts.
    async fn crash(&mut self, chosen: usize) {
        let dead = self.workers.remove(chosen);
        let workers = worker::all(&self.db).await.unwrap();
        let seen = workers.iter().find(|worker| worker.id == dead.id).unwrap();
        let reaped = worker::reap(&self.db, seen).await.unwrap().unwrap();
        for row in reaped.jobs.into_iter().filter(|row| row.status.is_terminal()) {
            assert_eq!(self.jobs.insert(row.id, Some(row.status)), Some(None), "two terminal states");
        }
        self.add_worker().await;
    }

    /// A worker loses its deliveries, as after a claim without an answer or a task that panicked.
    fn lose_deliveries(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        self.workers[chosen].deliveries.clear();
    }

    /// An operator deletes a consumer, so that no consumer holds its entries any more.
    async fn delete_consumer(&mut self) {
        let chosen = self.random.random_range(0..self.workers.len());
        let mut command = redis::cmd("XGROUP");
        let queue = &self.queues[self.random.random_range(0..2)];
        command.arg("DELCONSUMER").arg(&queue.keys().jobs).arg("processors");
        // Without a stream there is no consumer to delete.
        let _: Result<u64, _> = command.arg(self.workers[chosen].id.to_string()).query_async(&mut self.raw).await;
    }

    async fn reconcile(&mut self) {
        for queue in &self.queues {
            queue.drop_orphans().await.unwrap();
        }
        let due = job::promote_due(&self.db, 200).await.unwrap();
        let pending = job::pending_after(&self.db, None, 1_000).await.unwrap();
        for job in due.into_iter().chain(pending) {
            self.queue_of(job.id).enqueue(job.id, &Flow::new_jobs(job.user_id), Position::FairTurn).await.unwrap();
        }
    }

    async fn flush(&mut self) {
        for queue in &self.queues {
            let keys = queue.keys();
            let queue_keys = [&keys.jobs, &keys.backlog, &keys.tags, &keys.clock, &keys.locations, &keys.limits];
            let _: () = self.raw.del(&queue_keys[..]).await.unwrap();
            let _: () = self.raw.del(&[&keys.places, &keys.used][..]).await.unwrap();
            queue.mirror_limits(Limits { cap: CAP, paused: false, version: 1 }).await.unwrap();
        }
        self.flushed = true;
    }
}

/// Two upstreams of the same priority.
fn offers() -> [PlaceOffer; 2] {
    ["a", "b"].map(|name| PlaceOffer { upstream: name.into(), priority: 1, capacity: PLACES, weight: 1 })
}

async fn has_full_upstreams(queue: &Queue) -> bool {
    let used = queue.places_in_use().await.unwrap();
    ["a", "b"].into_iter().all(|name| used.get(name) == Some(&u64::from(PLACES)))
}
