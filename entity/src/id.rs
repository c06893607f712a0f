//! Typed ids: UUIDs of version 7, which sort in the order of creation.
//!
//! One generic type, parameterized by what the id identifies. The database stores plain UUIDs.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryFromU64, TryGetError, TryGetable, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// The id of a `Kind`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<Kind>(Uuid, PhantomData<fn() -> Kind>);

/// What ids identify.
pub mod kind {
    /// An account.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum User {}
    /// A session.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Session {}
    /// One video that a user asked for.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Job {}
    /// One request sent to the upstream for a job.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Attempt {}
    /// A stored video.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Video {}
    /// An image that a video starts from.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Image {}
    /// An API key.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ApiKey {}
    /// A link that gives anyone access to one video.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Share {}
    /// An entry of the audit log.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AuditEntry {}
    /// A registration of a processor. A processor whose lease expired registers again under a new id.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Worker {}
    /// An address that is called back when a job ends.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WebhookEndpoint {}
    /// One webhook event on its way to one endpoint.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WebhookDelivery {}
    /// A webhook event; the same at every endpoint.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WebhookEvent {}
}

/// The id of an account.
pub type UserId = Id<kind::User>;
/// The id of a session; the `jti` of its token.
pub type SessionId = Id<kind::Session>;
/// The id of a job.
pub type JobId = Id<kind::Job>;
/// The id of an attempt.
pub type AttemptId = Id<kind::Attempt>;
/// The id of a video.
pub type VideoId = Id<kind::Video>;
/// The id of an image.
pub type ImageId = Id<kind::Image>;
/// The id of an API key.
pub type ApiKeyId = Id<kind::ApiKey>;
/// The id of a share link.
pub type ShareId = Id<kind::Share>;
/// The id of an audit entry.
pub type AuditEntryId = Id<kind::AuditEntry>;
/// The id of a worker, and the name of its consumer in Redis.
pub type WorkerId = Id<kind::Worker>;
/// The id of a webhook endpoint.
pub type WebhookEndpointId = Id<kind::WebhookEndpoint>;
/// The id of a webhook delivery.
pub type WebhookDeliveryId = Id<kind::WebhookDelivery>;
/// The id of a webhook event.
pub type WebhookEventId = Id<kind::WebhookEvent>;

/// A new id.
#[must_use]
pub fn new_id<Kind>() -> Id<Kind> {
    Uuid::now_v7().into()
}

impl<Kind> Id<Kind> {
    /// The id's second half, which is random and never 0.
    #[must_use]
    pub fn random_bits(self) -> u64 {
        self.0.as_u64_pair().1
    }

    /// An id that precedes all that are created from `epoch_ms` on.
    #[must_use]
    pub fn first_of(epoch_ms: i64) -> Self {
        let milliseconds = epoch_ms.max(0).unsigned_abs() << 16;
        Self::from(Uuid::from_u64_pair(milliseconds, 0))
    }

    /// The id without hyphens.
    #[must_use]
    pub fn simple(self) -> String {
        self.0.simple().to_string()
    }
}

impl<Kind> From<Uuid> for Id<Kind> {
    fn from(id: Uuid) -> Self {
        Self(id, PhantomData)
    }
}

impl<Kind> From<Id<Kind>> for Uuid {
    fn from(id: Id<Kind>) -> Self {
        id.0
    }
}

impl<Kind> FromStr for Id<Kind> {
    type Err = <Uuid as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Uuid>().map(Into::into)
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Into::into)
    }
}

impl<Kind> PartialSchema for Id<Kind> {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::Custom("uuid".into());
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl<Kind> ToSchema for Id<Kind> {
    fn name() -> Cow<'static, str> {
        "Id".into()
    }
}

impl<Kind> From<Id<Kind>> for Value {
    fn from(id: Id<Kind>) -> Self {
        id.0.into()
    }
}

impl<Kind> TryGetable for Id<Kind> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Uuid::try_get_by(row, index).map(Into::into)
    }
}

impl<Kind> ValueType for Id<Kind> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <Uuid as ValueType>::try_from(value).map(Into::into)
    }

    fn type_name() -> String {
        Uuid::type_name()
    }

    fn array_type() -> ArrayType {
        Uuid::array_type()
    }

    fn column_type() -> ColumnType {
        Uuid::column_type()
    }
}

impl<Kind> Nullable for Id<Kind> {
    fn null() -> Value {
        Uuid::null()
    }
}

impl<Kind> IntoActiveValue<Self> for Id<Kind> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}

impl<Kind> TryFromU64 for Id<Kind> {
    /// Always fails: ids are never generated by the database.
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("UUID"))
    }
}
