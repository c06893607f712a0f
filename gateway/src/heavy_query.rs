//! Runs queries that read many rows, such as searches for text, without using up the connections to the database.

use entity::{DatabaseConnection, DbErr, UserId};

use crate::error::ApiError;
use crate::fair_queue::Share;
use crate::state::Gateway;

/// Runs `query` in this user's turn. It runs to its end even if the client disconnects: until then it uses a connection.
pub(crate) async fn heavy_query<T, Query>(
    gateway: &Gateway,
    user: UserId,
    query: impl FnOnce(DatabaseConnection) -> Query,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    Query: Future<Output = Result<T, DbErr>> + Send + 'static,
{
    let slot = gateway.limits.heavy_queries.acquire(Share::of_account(user)).await?;
    let query = query(gateway.db.clone());
    let running = tokio::spawn(async move {
        let _slot = slot;
        query.await
    });
    Ok(running.await.map_err(|error| ApiError::Internal(error.to_string()))??)
}
