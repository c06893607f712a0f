//! Idempotency keys: a request that is repeated with the same key returns the same jobs and creates none.
//!
//! A key is claimed in the transaction of the request itself, so that of several requests with one key, at any gateways, one
//! takes effect. The row remains when its jobs are deleted.
//!
//! Some clients repeat requests by themselves and send no key, only that a request is a repetition. Their key is made from the
//! request's content ([`Source::Content`]).

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::{JobId, UserId, clock};

/// A row of `idempotency_keys`. Keys are scoped by user and operation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The operation: `create`, or `retry` with the job's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the request body; for keys made from the content, `first` or `retry`: which request created the jobs.
    pub fingerprint: String,
    /// The jobs that the request created or restarted, separated by commas.
    pub jobs: String,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How long a key is remembered.
pub const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a request is remembered that a client may repeat by itself. OpenAI's SDKs wait ten minutes for a response, and
/// repeat a request twice.
pub const RETRY_WINDOW: Duration = Duration::from_secs(45 * 60);

/// How long before a request arrives its repetition may have created the jobs: a request can be held up on its way, or in a
/// gateway that is frozen, and is then seen late.
const OVERTAKEN_BY: Duration = Duration::from_secs(5);

/// A key for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The operation.
    pub operation: String,
    /// The `Idempotency-Key` header, or a hash of the request's content.
    pub key: String,
    /// Where the key comes from.
    pub source: Source,
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The client chose it. It stands for one request.
    Client {
        /// Hash of the request body.
        fingerprint: String,
    },
    /// It was made from the request's content. It stands for the latest request with this content: an equal request that the
    /// client does not mark as a repetition is another one.
    Content {
        /// Whether the client says that it repeats a request.
        is_retry: bool,
        /// When the request arrived, epoch ms. A repetition may overtake the request that it repeats.
        received_at: i64,
    },
}

impl Source {
    /// The value of the column `fingerprint`.
    fn fingerprint(&self) -> &str {
        match self {
            Self::Client { fingerprint } => fingerprint,
            Self::Content { is_retry: true, .. } => RETRY,
            Self::Content { is_retry: false, .. } => FIRST,
        }
    }

    /// What a request with this key is, given the row of an earlier request with the same key.
    fn compare(&self, earlier: &Model) -> Earlier {
        let is_within = |window| earlier.created_at >= clock::system_ms() - clock::millis(window);
        match self {
            Self::Client { .. } if !is_within(RETENTION) => Earlier::Forgotten,
            Self::Client { fingerprint } if *fingerprint == earlier.fingerprint => Earlier::Repeated,
            Self::Client { .. } => Earlier::Other,
            Self::Content { is_retry: true, .. } if is_within(RETRY_WINDOW) => Earlier::Repeated,
            // The repetition was faster than this request, which the client has given up.
            Self::Content { is_retry: false, received_at }
                if earlier.fingerprint == RETRY && earlier.created_at >= *received_at - clock::millis(OVERTAKEN_BY) =>
            {
                Earlier::Repeated
            }
            Self::Content { .. } => Earlier::Forgotten,
        }
    }
}

const FIRST: &str = "first";
const RETRY: &str = "retry";

/// What an earlier request with the same key means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Earlier {
    /// It is the same request.
    Repeated,
    /// It had another body.
    Other,
    /// It no longer counts.
    Forgotten,
}

/// The result of a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idempotent<T> {
    /// The request took effect now.
    Created(T),
    /// The key was used before with the same body, for these jobs.
    Replayed(Vec<JobId>),
    /// The key was used before with another body.
    Conflict,
}

impl<T> Idempotent<T> {
    /// The result, if the request took effect now.
    #[must_use]
    pub fn created(self) -> Option<T> {
        if let Self::Created(done) = self { Some(done) } else { None }
    }
}

/// What a request with this key repeats: [`Idempotent::Replayed`] or [`Idempotent::Conflict`], or `None` if it is new.
pub async fn find<T>(db: &DatabaseConnection, user: UserId, key: &Key) -> Result<Option<Idempotent<T>>, DbErr> {
    let found = Entity::find_by_id((user, key.operation.clone(), key.key.clone())).one(db).await?;
    Ok(found.and_then(|found| replay(key, &found)))
}

/// A key as in the table: its user, its operation and itself.
pub(crate) type KeyId = (UserId, String, String);

/// Claims those of these keys that nobody has claimed before, each for its jobs. Returns them.
pub(crate) async fn claim_new<C: ConnectionTrait>(
    tx: &C,
    keys: &[(UserId, &Key, Vec<JobId>)],
) -> Result<HashSet<KeyId>, DbErr> {
    let mut keys: Vec<_> = keys.iter().collect();
    // In one order, so that transactions that claim the same keys do not block each other for ever.
    keys.sort_by_key(|(user, key, _)| (*user, &key.operation, &key.key));
    let rows = keys.into_iter().map(|(user, key, jobs)| row(*user, key, jobs));
    let claimed = Entity::insert_many(rows).on_conflict(unless_claimed()).exec_with_returning(tx).await?;
    Ok(claimed.into_iter().map(|row| (row.user_id, row.operation, row.key)).collect())
}

/// Deletes the keys that are no longer remembered at the time `now`, in epoch ms. Returns their number.
pub async fn delete_expired(db: &DatabaseConnection, now: i64) -> Result<u64, DbErr> {
    let expired = Column::CreatedAt.lt(now - clock::millis(RETENTION));
    Ok(Entity::delete_many().filter(expired).exec(db).await?.rows_affected)
}

/// Claims a key for `jobs`.
pub(crate) async fn claim<C: ConnectionTrait>(
    tx: &C,
    user: UserId,
    key: &Key,
    jobs: &[JobId],
) -> Result<Idempotent<()>, DbErr> {
    let row = row(user, key, jobs);
    let claimed = Entity::insert(row.clone()).on_conflict(unless_claimed()).exec_without_returning(tx).await?;
    if claimed == 1 {
        return Ok(Idempotent::Created(()));
    }
    // Locked, so that of several repetitions of a forgotten request one takes its place.
    let id = (user, key.operation.clone(), key.key.clone());
    let found = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    if let Some(replayed) = found.as_ref().and_then(|found| replay(key, found)) {
        return Ok(replayed);
    }
    Entity::update(row).exec(tx).await?;
    Ok(Idempotent::Created(()))
}

fn row(user: UserId, key: &Key, jobs: &[JobId]) -> ActiveModel {
    ActiveModel {
        user_id: Set(user),
        operation: Set(key.operation.clone()),
        key: Set(key.key.clone()),
        fingerprint: Set(key.source.fingerprint().to_owned()),
        jobs: Set(jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        created_at: Set(clock::system_ms()),
    }
}

fn unless_claimed() -> OnConflict {
    OnConflict::columns([Column::UserId, Column::Operation, Column::Key]).do_nothing().to_owned()
}

fn replay<T>(key: &Key, earlier: &Model) -> Option<Idempotent<T>> {
    match key.source.compare(earlier) {
        Earlier::Repeated => {
            Some(Idempotent::Replayed(earlier.jobs.split(',').filter_map(|id| id.parse().ok()).collect()))
        }
        Earlier::Other => Some(Idempotent::Conflict),
        Earlier::Forgotten => None,
    }
}
