use std::fs::File;
use std::time::{Duration, SystemTime};

use bus::{Bus, DEFAULT_POOL, Flow, Position, Queue};
use entity::id::new_id;
use entity::{ImageId, JobId, UserId, VideoId, attempt, image, job, video};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use simulator::{Config, Simulator, SimulatorHandle};
use storage::Storage;
use tempfile::TempDir;
use testkit::{Database, Process, eventually};

/// See the module.
pub(crate) struct TestPlatform {
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) simulator: SimulatorHandle,
    pub(crate) user: UserId,
    redis_url: String,
    namespace: String,
    folder: TempDir,
}

impl TestPlatform {
    /// A platform whose simulator waits `pace` milliseconds between two steps of a generation.
    pub(crate) async fn new(database: Database, pace: u64) -> Self {
        Self::with(database, Config { pace, ..Config::default() }).await
    }

    pub(crate) async fn with(database: Database, config: Config) -> Self {
        let (redis_url, namespace) = (testkit::redis_url(), testkit::namespace());
        let bus = Bus::new(&redis_url, &namespace).unwrap();
        let simulator = Simulator::start(config).await.unwrap();
        let user = testkit::user(&database.connection).await;
        let folder = tempfile::tempdir().unwrap();
        Self { database, bus, simulator, user, redis_url, namespace, folder }
    }

    /// Uses another Redis than the one that all tests share.
    pub(crate) fn on_redis(self, url: &str) -> Self {
        Self { bus: Bus::new(url, &self.namespace).unwrap(), redis_url: url.to_owned(), ..self }
    }

    /// Starts a processor with short timeouts, and the given variables.
    pub(crate) fn processor(&self, variables: &[(&str, &str)]) -> Process {
        let environment = self.environment(variables);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start(env!("CARGO_BIN_EXE_processor"), &environment)
    }

    /// Starts a processor that logs to a file, in detail.
    pub(crate) fn processor_with_log(&self, log: File) -> Process {
        let environment = self.environment(&[("LOG_LEVEL", "info")]);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::with_log(env!("CARGO_BIN_EXE_processor"), &environment, log)
    }

    /// Starts a processor that logs everything, to a pipe that nobody reads.
    pub(crate) fn processor_with_unread_log(&self) -> Process {
        let environment = self.environment(&[("LOG_LEVEL", "trace")]);
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::with_unread_log(env!("CARGO_BIN_EXE_processor"), &environment)
    }

    /// Runs the hourly cleanup once.
    pub(crate) async fn run_housekeeping(&self, variables: &[(&str, &str)]) {
        self.run_command("tidy", variables).await;
    }

    /// Runs a command of the processor's program.
    pub(crate) async fn run_command(&self, name: &str, variables: &[(&str, &str)]) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_processor"));
        command.arg(name).envs(self.environment(variables)).kill_on_drop(true);
        assert!(command.status().await.unwrap().success());
    }

    fn environment<'a>(&self, variables: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        let upstream = self.simulator.chat_url().clone();
        let mut environment = vec![
            ("APP_ENV", "development"),
            ("DATABASE_URL", self.database.url.as_str()),
            ("REDIS_URL", self.redis_url.as_str()),
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
        environment.extend(variables);
        environment.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The storage folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The queue of the default pool.
    pub(crate) fn queue(&self) -> Queue {
        self.bus.queue(DEFAULT_POOL)
    }

    /// Commits and enqueues a job, as a gateway does.
    pub(crate) async fn submit(&self, prompt: &str) -> JobId {
        let job = self.create(prompt).await;
        self.queue().enqueue(job, &Flow::new_jobs(self.user), Position::FairTurn).await.unwrap();
        job
    }

    /// Commits a job without enqueueing it, as a gateway does while Redis is down.
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

    /// Stores a reference image that was written two days ago.
    pub(crate) async fn create_image(&self, content: &[u8]) -> image::Model {
        let id = new_id();
        let path = storage::image_path(id, "png");
        self.write_old_file(&path, content);
        let new = image::New {
            id,
            user_id: self.user,
            path,
            size: i64::try_from(content.len()).unwrap(),
            content_type: "image/png",
            width: 1,
            height: 1,
            sha256: String::new(),
        };
        image::create(&self.database.connection, new).await.unwrap()
    }

    /// Commits a job that starts from a reference image.
    pub(crate) async fn create_with_image(&self, prompt: &str, image: ImageId) -> JobId {
        let id = self.create(prompt).await;
        let row = job::ActiveModel { id: Set(id), reference_image_id: Set(Some(image)), ..Default::default() };
        row.update(&self.database.connection).await.unwrap();
        id
    }

    /// Completes a job by a processor without `ffmpeg`.
    pub(crate) async fn complete_without_poster(&self, prompt: &str) -> job::Model {
        let _processor = self.processor(&[("FFMPEG", "/nowhere/ffmpeg")]);
        let ended = self.end(self.submit(prompt).await).await;
        assert_eq!(ended.status, job::Status::Completed);
        ended
    }

    /// Writes a file into the storage folder, last modified two days ago.
    pub(crate) fn write_old_file(&self, path: &str, content: &[u8]) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let modified = SystemTime::now() - Duration::from_secs(2 * 86_400);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }

    /// Makes a video's row so old that any processor may inspect the video.
    pub(crate) async fn backdate_video(&self, id: VideoId) {
        let row = video::ActiveModel { id: Set(id), created_at: Set(1_000), ..Default::default() };
        row.update(&self.database.connection).await.unwrap();
    }

    /// A completed job's video.
    pub(crate) async fn video_row(&self, job: &job::Model) -> video::Model {
        video::by_id(&self.database.connection, job.video_id.unwrap()).await.unwrap().unwrap()
    }

    pub(crate) async fn row(&self, job: JobId) -> job::Model {
        job::by_id(&self.database.connection, job).await.unwrap().unwrap()
    }

    pub(crate) async fn attempts(&self, job: JobId) -> Vec<attempt::Model> {
        attempt::of_job(&self.database.connection, job, 1).await.unwrap()
    }

    /// Waits until a job fulfils `condition`.
    pub(crate) async fn until(&self, job: JobId, what: &str, condition: impl Fn(&job::Model) -> bool) -> job::Model {
        eventually(what, async || Some(self.row(job).await).filter(|row| condition(row))).await
    }

    /// Waits for a job's final state.
    pub(crate) async fn end(&self, job: JobId) -> job::Model {
        self.until(job, "the job ends", |job| job.status.is_terminal()).await
    }

    /// The content of a completed job's video.
    pub(crate) async fn video(&self, job: &job::Model) -> Vec<u8> {
        use futures::TryStreamExt;
        let row = self.video_row(job).await;
        let storage = Storage::folder(self.folder.path()).unwrap();
        let chunks: Vec<_> = storage.get(&row.path, None).await.unwrap().bytes.try_collect().await.unwrap();
        let bytes = chunks.concat();
        assert_eq!(row.size, i64::try_from(bytes.len()).unwrap());
        bytes
    }

    /// Deletes everything that Redis holds for this platform, as FLUSHALL does.
    pub(crate) async fn flush_redis(&self) {
        use redis::AsyncCommands;
        let client = redis::Client::open(self.redis_url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = connection.keys(format!("{}:*", self.namespace)).await.unwrap();
        let _: () = connection.del(keys).await.unwrap();
    }

    /// Waits until Redis no longer holds the job.
    pub(crate) async fn redis_is_empty(&self, job: JobId) {
        eventually("Redis no longer holds the job", async || {
            // A job that Redis holds anywhere is not added again.
            let flow = Flow::new_jobs(self.user);
            let enqueued = self.queue().enqueue(job, &flow, Position::FairTurn).await.unwrap();
            self.queue().remove(job).await.unwrap();
            enqueued.added.then_some(())
        })
        .await;
    }
}

/// Asks a processor to stop, and waits for its exit status.
pub(crate) async fn terminate(process: Process) -> Option<i32> {
    signal(&process, "TERM").await;
    process.exit().await
}

/// Sends a signal to a processor.
pub(crate) async fn signal(process: &Process, name: &str) {
    process.signal(name).await;
}
