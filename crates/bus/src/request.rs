//! Sending requests: on a shared connection of the pool, and once more on a new one if the first turns out to be of no use.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};

use crate::connections::Link;
use crate::{Bus, Error};

/// What can be sent: a command, a pipeline or a script.
pub(crate) trait Request: Sync {
    /// Sends it once.
    fn query<T: FromRedisValue + Send>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> impl Future<Output = RedisResult<T>> + Send;
}

impl Request for Cmd {
    async fn query<T: FromRedisValue + Send>(&self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        self.query_async(connection).await
    }
}

impl Request for Pipeline {
    async fn query<T: FromRedisValue + Send>(&self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        self.query_async(connection).await
    }
}

impl Request for ScriptInvocation<'_> {
    async fn query<T: FromRedisValue + Send>(&self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        self.invoke_async(connection).await
    }
}

impl Bus {
    /// Sends a request that can be repeated safely.
    pub(crate) async fn send<T: FromRedisValue + Send>(&self, request: &impl Request) -> Result<T, Error> {
        match self.send_once(request).await {
            Err(error) if error.was_refused() || error.is_disconnect() => self.send_once(request).await,
            other => other,
        }
    }

    /// Sends a request that cannot be repeated if it may have taken effect.
    pub(crate) async fn send_unrepeatable<T: FromRedisValue + Send>(&self, request: &impl Request) -> Result<T, Error> {
        match self.send_once(request).await {
            Err(error) if error.was_refused() => self.send_once(request).await,
            other => other,
        }
    }

    async fn send_once<T: FromRedisValue + Send>(&self, request: &impl Request) -> Result<T, Error> {
        // Shared, not kept: other commands are sent on the same connection meanwhile.
        let mut link = Link::clone(&*self.pool.get().await?);
        let sent = request.query(&mut link.connection).await.map_err(Error::from);
        if let Err(error) = &sent {
            self.connector().report(&link, error);
            if error.is_timeout() {
                link.give_up();
            }
        }
        sent
    }
}
