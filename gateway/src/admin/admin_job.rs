//! Jobs as administrators see them: with their owners.

use std::collections::{HashMap, HashSet};

use entity::UserId;
use entity::job::{Model, View};
use entity::user;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::state::Gateway;
use crate::videos::views;

/// A job with its owner.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminJob {
    #[serde(flatten)]
    pub(crate) job: View,
    /// Id of the owner.
    pub(crate) user_id: UserId,
    /// Email address of the owner.
    pub(crate) user_email: String,
}

/// Adds its owner to each job.
pub(super) async fn with_owners(gateway: &Gateway, rows: Vec<Model>) -> Result<Vec<AdminJob>, ApiError> {
    let owners: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let distinct: HashSet<UserId> = owners.iter().copied().collect();
    let accounts = user::by_ids(&gateway.db, distinct.into_iter().collect()).await?;
    let emails: HashMap<UserId, String> = accounts.into_iter().map(|user| (user.id, user.email)).collect();
    let email = |id: &UserId| emails.get(id).cloned().unwrap_or_default();
    let jobs = views(gateway, rows).await.into_iter().zip(owners);
    Ok(jobs.map(|(job, user_id)| AdminJob { job, user_id, user_email: email(&user_id) }).collect())
}
