//! Everything that was ever committed about a job, noted by triggers in the database, out of the platform's reach.

use std::collections::BTreeMap;

use anyhow::Context as _;
use entity::DatabaseConnection;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use uuid::Uuid;

/// Notes each state of each job, and each worker, in the transaction that commits it.
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
CREATE TABLE nemesis.lives (worker uuid NOT NULL, host text NOT NULL);
CREATE FUNCTION nemesis.note_life() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO nemesis.lives VALUES (NEW.id, NEW.host);
  RETURN NULL;
END $$;
CREATE TRIGGER note_life AFTER INSERT ON workers FOR EACH ROW EXECUTE FUNCTION nemesis.note_life();
";

/// A job's state as committed.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct State {
    /// Epoch ms.
    pub(crate) at: i64,
    /// The job.
    pub(crate) job: Uuid,
    /// Its number of the change.
    pub(crate) seq: i64,
    /// Where it was in its life.
    pub(crate) status: String,
    /// What it was doing.
    pub(crate) phase: Option<String>,
    /// 0–100.
    pub(crate) progress: i32,
    /// The number of the change of hands.
    pub(crate) epoch: i64,
    /// In whose hands.
    pub(crate) worker: Option<Uuid>,
    /// Drawn from the budget.
    pub(crate) resubmits: i32,
    /// The process that committed it, by the name of its connection.
    pub(crate) writer: String,
}

#[derive(Debug, FromQueryResult)]
struct WorkerHost {
    worker: Uuid,
    host: String,
}

/// What was committed in a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Each job's states, first to last.
    pub(crate) jobs: BTreeMap<Uuid, Vec<State>>,
    /// The process behind each worker.
    pub(crate) hosts: BTreeMap<Uuid, String>,
}

impl State {
    /// Whether nothing changes any more by itself.
    pub(crate) fn is_terminal(&self) -> bool {
        is_terminal(&self.status)
    }
}

/// Whether a job of this status has ended.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

impl History {
    /// Reads it.
    pub(crate) async fn read(db: &DatabaseConnection) -> anyhow::Result<Self> {
        let mut history = Self::default();
        let states = State::find_by_statement(sql("SELECT * FROM nemesis.states ORDER BY job, seq, number"));
        for state in states.all(db).await.context("the history")? {
            history.jobs.entry(state.job).or_default().push(state);
        }
        for life in WorkerHost::find_by_statement(sql("SELECT * FROM nemesis.lives")).all(db).await? {
            history.hosts.insert(life.worker, life.host);
        }
        Ok(history)
    }

    /// The job's state that has this number.
    pub(crate) fn at(&self, job: Uuid, seq: i64) -> Option<&State> {
        self.jobs.get(&job)?.iter().find(|state| state.seq == seq)
    }
}

/// A statement without parameters.
pub(crate) fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

/// One number.
pub(crate) async fn count(db: &DatabaseConnection, text: &str) -> anyhow::Result<i64> {
    let row = db.query_one_raw(sql(text)).await?.context("no row")?;
    Ok(row.try_get_by_index(0)?)
}
