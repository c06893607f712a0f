//! Every committed state of every job, recorded by database triggers that the platform cannot bypass.

use std::collections::BTreeMap;

use anyhow::Context as _;
use entity::DatabaseConnection;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use uuid::Uuid;

/// Triggers that record each job state and each worker in the transaction that commits it.
pub(crate) const SCHEMA: &str = "
CREATE SCHEMA nemesis;
CREATE FUNCTION nemesis.clock() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$ SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint) $$;
CREATE TABLE nemesis.states (
  number bigserial PRIMARY KEY, at bigint NOT NULL, job uuid NOT NULL, seq bigint NOT NULL, status text NOT NULL,
  phase text, progress integer NOT NULL, epoch bigint NOT NULL, worker uuid, resubmits integer NOT NULL,
  writer text NOT NULL);
CREATE FUNCTION nemesis.note_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO nemesis.states (at, job, seq, status, phase, progress, epoch, worker, resubmits, writer)
  VALUES (nemesis.clock(), NEW.id, NEW.seq, NEW.status, NEW.phase, NEW.progress, NEW.epoch, NEW.worker_id,
    NEW.resubmits, current_setting('application_name'));
  RETURN NULL;
END $$;
CREATE TRIGGER note_state AFTER INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION nemesis.note_state();
CREATE TABLE nemesis.workers (worker uuid NOT NULL, host text NOT NULL);
CREATE FUNCTION nemesis.note_worker() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO nemesis.workers VALUES (NEW.id, NEW.host);
  RETURN NULL;
END $$;
CREATE TRIGGER note_worker AFTER INSERT ON workers FOR EACH ROW EXECUTE FUNCTION nemesis.note_worker();
";

/// A committed state of a job.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct State {
    /// Commit time, epoch ms.
    pub(crate) at: i64,
    /// The job.
    pub(crate) job: Uuid,
    /// The row's `seq`.
    pub(crate) seq: i64,
    /// The row's `status`.
    pub(crate) status: String,
    /// The row's `phase`.
    pub(crate) phase: Option<String>,
    /// 0–100.
    pub(crate) progress: i32,
    /// Fencing token of the claim.
    pub(crate) epoch: i64,
    /// The worker that holds the claim.
    pub(crate) worker: Option<Uuid>,
    /// Resubmissions drawn from the budget.
    pub(crate) resubmits: i32,
    /// The process that committed it: its connection's `application_name`.
    pub(crate) writer: String,
}

#[derive(Debug, FromQueryResult)]
struct WorkerHost {
    worker: Uuid,
    host: String,
}

/// Everything that was committed in a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// States by job, oldest first.
    pub(crate) jobs: BTreeMap<Uuid, Vec<State>>,
    /// Host name (process name) by worker.
    pub(crate) hosts: BTreeMap<Uuid, String>,
}

impl State {
    /// Whether the status is terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        is_terminal(&self.status)
    }
}

/// Whether `status` is terminal.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

impl History {
    /// Reads the recorded history.
    pub(crate) async fn read(db: &DatabaseConnection) -> anyhow::Result<Self> {
        let mut history = Self::default();
        let states = State::find_by_statement(sql("SELECT * FROM nemesis.states ORDER BY job, seq, number"));
        for state in states.all(db).await.context("reading the history")? {
            history.jobs.entry(state.job).or_default().push(state);
        }
        for row in WorkerHost::find_by_statement(sql("SELECT * FROM nemesis.workers")).all(db).await? {
            history.hosts.insert(row.worker, row.host);
        }
        Ok(history)
    }

    /// The state of `job` with this `seq`.
    pub(crate) fn at(&self, job: Uuid, seq: i64) -> Option<&State> {
        self.jobs.get(&job)?.iter().find(|state| state.seq == seq)
    }
}

/// A statement without parameters.
pub(crate) fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

/// Runs a query that returns a single number.
pub(crate) async fn count(db: &DatabaseConnection, text: &str) -> anyhow::Result<i64> {
    let row = db.query_one_raw(sql(text)).await?.context("the query returned no row")?;
    Ok(row.try_get_by_index(0)?)
}
