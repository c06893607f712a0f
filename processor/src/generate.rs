//! One job as a straight line: plan → submit → wait → fetch → record.
//!
//! Facts about money are committed before anything follows from them. An order to drop or hand over ends the line
//! between two steps; what then becomes of the job depends on how far its request had come.

use std::time::Duration;

use entity::attempt::{self, End};
use entity::id::fresh;
use entity::job::{self, Failure as Failed, Held, NewVideo, Phase};
use entity::{AttemptId, DbErr, database};
use rand::RngExt;
use sora::{Event, Failure, Generation, Outcome, Request};
use storage::{PutError, video_path};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use crate::hands::{Hand, Order};
use crate::life::Life;
use crate::persist::persist;
use crate::progress::Progress;
use crate::resume::{Plan, plan};
use crate::retry::{Decision, decide};
use crate::{Context, words};

/// Works on a claimed job until it leaves this worker's hands; `None` when it had left them before.
pub(crate) async fn generate(
    context: &Context,
    life: &Life,
    hand: &Hand,
    job: job::Model,
) -> Option<job::Model> {
    let hold = Held {
        job: job.id,
        epoch: job.epoch,
    };
    let mut line = Line {
        context,
        life,
        job,
        hold,
        stage: Stage::Planning,
    };
    let ended = tokio::select! {
        ended = line.run() => ended,
        order = hand.ordered() => Err(match order {
            Order::HandOver => Stop::HandOver,
            Order::Drop | Order::GoOn => Stop::Lost,
        }),
    };
    // Winding up writes to the database; should that be away for long, the beat may still order to drop.
    let wound_up = async {
        match ended {
            Ok(job) => Ok(Some(job)),
            Err(stop) => line.wind_up(stop).await,
        }
    };
    let wound_up = tokio::select! {
        wound_up = wound_up => wound_up,
        () = lost(hand) => Ok(None),
    };
    wound_up.unwrap_or_else(|error| {
        tracing::error!(job.id = %hold.job, %error, "the database refuses what becomes of a job; the beat gives it back");
        None
    })
}

async fn lost(hand: &Hand) {
    while hand.ordered().await != Order::Drop {
        sleep(Duration::from_millis(200)).await;
    }
}

/// How far the job's request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No request is under way.
    Planning,
    /// An attempt is on record or about to be, and nothing has been sent.
    Preparing(AttemptId),
    /// A request has been sent and its result is not known.
    Sent(AttemptId),
    /// The result is on record.
    Fetching,
}

/// Why the line ended before its end.
#[derive(Debug)]
enum Stop {
    /// The job is someone else's.
    Lost,
    /// Someone else is to go on.
    HandOver,
    /// It failed.
    Failed(Failure),
    /// The database refuses a statement.
    Database(DbErr),
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

struct Line<'a> {
    context: &'a Context,
    life: &'a Life,
    job: job::Model,
    hold: Held,
    stage: Stage,
}

impl Line<'_> {
    async fn run(&mut self) -> Result<job::Model, Stop> {
        let (db, job) = (&self.context.db, &self.job);
        let attempts = persist("reading attempts", || {
            attempt::of_job(db, job.id, job.attempts_from)
        })
        .await?;
        let url = match plan(&self.job, &attempts) {
            Plan::Submit => self.submit().await?,
            Plan::Fetch(url) => Url::parse(&url)
                .map_err(|_| Failure::new(Outcome::Unfetchable, "not an address"))?,
            Plan::Lost(attempt, outcome) => {
                self.stage = Stage::Sent(attempt);
                return Err(Failure::new(outcome, "the worker that sent this request died").into());
            }
        };
        self.stage = Stage::Fetching;
        self.tell(Phase::Downloading, 0).await?;
        let video = self.fetch(&url).await?;
        self.record(video).await
    }

    /// Sends one request and waits for its result. Its attempt is on record before its first byte leaves.
    async fn submit(&mut self) -> Result<Url, Stop> {
        while !self.life.is_leased() {
            sleep(Duration::from_millis(200)).await;
        }
        let (db, id) = (&self.context.db, fresh());
        self.stage = Stage::Preparing(id);
        let upstream = &self.context.config.upstream.url;
        match job::begin_attempt(db, self.hold, id, upstream.as_str()).await {
            Ok(Some(job)) => self.context.publish(&job).await,
            Ok(None) => return Err(Stop::Lost),
            Err(error) if database::is_transient(&error) => return Err(Stop::HandOver),
            Err(error) => return Err(error.into()),
        }
        let seconds = u32::try_from(self.job.seconds).unwrap_or(0);
        let template = &self.context.config.model_template;
        let model = template.render(&self.job.model, self.job.orientation.as_str(), seconds);
        let request = Request {
            prompt: self.job.prompt.clone(),
            model,
        };
        self.stage = Stage::Sent(id);
        let mut generation = self.context.chat.submit(&request).await?;
        let url = self.wait(id, &mut generation).await?;
        persist("recording a result", || {
            attempt::result(db, id, url.as_str())
        })
        .await?;
        tokio::spawn(generation.read_on());
        let end = End {
            outcome: "completed",
            detail: None,
            may_have_been_charged: true,
        };
        persist("recording an attempt's end", || {
            attempt::finish(db, id, end)
        })
        .await?;
        Ok(url)
    }

    /// Reads the generation to its result and tells its progress.
    async fn wait(&mut self, id: AttemptId, generation: &mut Generation) -> Result<Url, Stop> {
        let mut progress = Progress::new();
        loop {
            let due = progress.due();
            tokio::select! {
                event = generation.next() => {
                    let event = event?;
                    if event == Event::Accepted {
                        let db = &self.context.db;
                        persist("recording acceptance", || attempt::accepted(db, id)).await?;
                    }
                    progress.learn(&event);
                    if let Event::Result(url) = event {
                        return Ok(url);
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let (phase, percent) = progress.tell(Instant::now());
                    self.tell(phase, percent).await?;
                }
            }
        }
    }

    /// Commits a change of phase or progress and publishes it. A database that is away costs the change, not the job.
    async fn tell(&mut self, phase: Phase, percent: i32) -> Result<(), Stop> {
        match job::advance(&self.context.db, self.hold, phase, percent).await {
            Ok(Some(job)) => {
                tracing::info!(job.id = %job.id, progress = job.progress, ?phase, "progress");
                self.context.publish(&job).await;
                Ok(())
            }
            Ok(None) => Err(Stop::Lost),
            Err(error) if database::is_transient(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn fetch(&self, url: &Url) -> Result<NewVideo, Failure> {
        let unfetchable = |detail: String| Failure::new(Outcome::Unfetchable, detail);
        let download = self
            .context
            .fetcher
            .get(url)
            .await
            .map_err(|error| unfetchable(chain(&error)))?;
        let path = video_path(self.hold.job, self.hold.epoch, download.media.extension());
        let stored = self
            .context
            .storage
            .put(&path, download.bytes)
            .await
            .map_err(|error| match error {
                PutError::Source(error) => unfetchable(chain(&error)),
                PutError::Storage(error) => unfetchable(chain(&error)),
            })?;
        Ok(NewVideo {
            id: fresh(),
            path,
            size: i64::try_from(stored.size).unwrap_or(i64::MAX),
            content_type: download.media.mime().to_owned(),
            sha256: stored.sha256,
        })
    }

    /// Commits the end; a worker that has lost the job removes its own file, whose path nobody else has.
    async fn record(&self, video: NewVideo) -> Result<job::Model, Stop> {
        let db = &self.context.db;
        let path = video.path.clone();
        match persist("recording a video", || {
            job::complete(db, self.hold, video.clone())
        })
        .await?
        {
            Some(job) => {
                tracing::info!(job.id = %job.id, video.id = %video.id, "completed");
                Ok(job)
            }
            None => {
                self.context.storage.delete(&path).await.ok();
                Err(Stop::Lost)
            }
        }
    }

    /// Decides what becomes of a job whose line has ended early; the row as committed, or `None` when it was lost.
    async fn wind_up(&self, stop: Stop) -> Result<Option<job::Model>, DbErr> {
        let db = &self.context.db;
        match (stop, self.stage) {
            (Stop::Lost, _) => Ok(None),
            (Stop::Database(error), _) => Err(error),
            (Stop::Failed(failure), _) => self.fail(failure).await,
            // Cutting an open stream may have cost money.
            (Stop::HandOver, Stage::Sent(_)) => {
                self.fail(Failure::new(
                    Outcome::Interrupted,
                    "the processor was stopped",
                ))
                .await
            }
            (Stop::HandOver, stage) => {
                if let Stage::Preparing(id) = stage {
                    let end = End {
                        outcome: "transient",
                        detail: Some("nothing was sent"),
                        may_have_been_charged: false,
                    };
                    persist("recording an attempt's end", || {
                        attempt::finish(db, id, end)
                    })
                    .await?;
                }
                persist("handing over", || job::hand_over(db, self.hold)).await
            }
        }
    }

    async fn fail(&self, failure: Failure) -> Result<Option<job::Model>, DbErr> {
        let (db, outcome) = (&self.context.db, failure.outcome);
        if let Stage::Sent(id) = self.stage {
            let detail = Some(failure.detail.as_str());
            let end = End {
                outcome: outcome.name(),
                detail,
                may_have_been_charged: outcome.is_charged(),
            };
            persist("recording an attempt's end", || {
                attempt::finish(db, id, end)
            })
            .await?;
        }
        let jitter = rand::rng().random();
        match decide(
            outcome,
            &self.job,
            self.context.config.budgets,
            failure.retry_after,
            jitter,
        ) {
            Decision::Again(budget, delay) => {
                tracing::warn!(job.id = %self.hold.job, %failure, ?budget, ?delay, "trying again later");
                persist("putting a job off", || {
                    job::retry_later(db, self.hold, budget, delay)
                })
                .await
            }
            Decision::GiveUp => {
                tracing::warn!(job.id = %self.hold.job, %failure, "failed");
                let failed = Failed {
                    code: outcome.name(),
                    message: words::of(&failure),
                };
                persist("recording a failure", || job::fail(db, self.hold, &failed)).await
            }
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
