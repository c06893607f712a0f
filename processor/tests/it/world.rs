//! A world for one test: a database, a queue, a storage folder, a simulator, and processors as real processes.

use bus::{Bus, Flow, Position};
use entity::{JobId, UserId, attempt, job};
use simulator::{Config, Simulator, SimulatorHandle};
use storage::Storage;
use tempfile::TempDir;
use testkit::{Database, Process, eventually};

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) simulator: SimulatorHandle,
    pub(crate) user: UserId,
    namespace: String,
    folder: TempDir,
}

impl World {
    /// A world whose simulator takes `pace` milliseconds between two steps of a generation.
    pub(crate) async fn new(database: Database, pace: u64) -> Self {
        Self::with(database, Config { pace, ..Config::default() }).await
    }

    pub(crate) async fn with(database: Database, config: Config) -> Self {
        let namespace = testkit::namespace();
        let bus = Bus::new(&testkit::redis_url(), &namespace).unwrap();
        let simulator = Simulator::start(config).await.unwrap();
        let user = testkit::user(&database.connection).await;
        let folder = tempfile::tempdir().unwrap();
        Self { database, bus, simulator, user, namespace, folder }
    }

    /// Starts a processor with a lease of two seconds and the given differences from the defaults.
    pub(crate) fn processor(&self, differences: &[(&str, &str)]) -> Process {
        let environment = self.environment(differences);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start(env!("CARGO_BIN_EXE_processor"), &environment)
    }

    /// Has a processor do once what it does each hour.
    pub(crate) async fn tidy(&self, differences: &[(&str, &str)]) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_processor"));
        command.arg("tidy").envs(self.environment(differences)).kill_on_drop(true);
        assert!(command.status().await.unwrap().success());
    }

    fn environment<'a>(&self, differences: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        let (redis, upstream) = (testkit::redis_url(), self.simulator.chat_url().clone());
        let mut environment = vec![
            ("APP_ENV", "development"),
            ("DATABASE_URL", self.database.url.as_str()),
            ("REDIS_URL", redis.as_str()),
            ("REDIS_NAMESPACE", self.namespace.as_str()),
            ("STORAGE_URL", self.folder.path().to_str().unwrap()),
            ("SORA_API_URL", upstream.as_str()),
            ("SORA_RETRY_BASE", "20ms"),
            ("SORA_LOST_AFTER", "200ms"),
            ("SORA_POLL_INTERVAL", "20ms"),
            ("LEASE_TTL", "2s"),
            ("LEASE_RENEW", "500ms"),
            ("DRAIN_TIMEOUT", "100ms"),
            ("LOG_LEVEL", "warn"),
        ];
        environment.extend(differences);
        environment.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// Where videos are stored.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Commits a job and puts it in line, as a gateway does.
    pub(crate) async fn submit(&self, prompt: &str) -> JobId {
        let job = self.create(prompt).await;
        self.bus.enqueue(job, &Flow::new_jobs(self.user), Position::FairTurn).await.unwrap();
        job
    }

    /// Commits a job and does not put it in line, as a gateway does while Redis is away.
    pub(crate) async fn create(&self, prompt: &str) -> JobId {
        let new = job::New {
            user_id: self.user,
            prompt: prompt.to_owned(),
            orientation: job::Orientation::Portrait,
            seconds: 10,
            model: "sora2".into(),
            size: "720x1280".into(),
            remix_of: None,
            reference_image_id: None,
            traceparent: None,
        };
        testkit::job(&self.database.connection, &new).await.id
    }

    pub(crate) async fn row(&self, job: JobId) -> job::Model {
        job::by_id(&self.database.connection, job).await.unwrap().unwrap()
    }

    pub(crate) async fn attempts(&self, job: JobId) -> Vec<attempt::Model> {
        attempt::of_job(&self.database.connection, job, 1).await.unwrap()
    }

    /// Waits until a job is as `condition` says.
    pub(crate) async fn until(&self, job: JobId, what: &str, condition: impl Fn(&job::Model) -> bool) -> job::Model {
        eventually(what, async || Some(self.row(job).await).filter(|row| condition(row))).await
    }

    /// Waits for a job's end.
    pub(crate) async fn end(&self, job: JobId) -> job::Model {
        self.until(job, "the job ends", |job| job.status.is_terminal()).await
    }

    /// The bytes of a completed job's video.
    pub(crate) async fn video(&self, job: &job::Model) -> Vec<u8> {
        use futures::TryStreamExt;
        use sea_orm::EntityTrait;
        let id = job.video_id.unwrap();
        let row = entity::video::Entity::find_by_id(id).one(&self.database.connection).await.unwrap().unwrap();
        let storage = Storage::folder(self.folder.path()).unwrap();
        let chunks: Vec<_> = storage.get(&row.path, None).await.unwrap().bytes.try_collect().await.unwrap();
        let bytes = chunks.concat();
        assert_eq!(row.size, i64::try_from(bytes.len()).unwrap());
        bytes
    }

    /// Deletes all that Redis holds of this world, as FLUSHALL does.
    pub(crate) async fn flush_redis(&self) {
        use redis::AsyncCommands;
        let client = redis::Client::open(testkit::redis_url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = connection.keys(format!("{}:*", self.namespace)).await.unwrap();
        let _: () = connection.del(keys).await.unwrap();
    }

    /// Waits until Redis holds nothing of any job.
    pub(crate) async fn redis_is_empty(&self, job: JobId) {
        eventually("Redis lets go of the job", async || {
            // A job that is still held anywhere is not added again.
            let flow = Flow::new_jobs(self.user);
            let enqueued = self.bus.enqueue(job, &flow, Position::FairTurn).await.unwrap();
            self.bus.remove(job).await.unwrap();
            enqueued.added.then_some(())
        })
        .await;
    }
}
