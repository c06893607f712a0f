//! Active sessions, read from the database through a cache of a few seconds.
//!
//! The age of an entry counts from the *start* of its read, and a read during which any session was revoked is not cached.
//! So a session that was ended on this gateway is never accepted here again, and elsewhere no longer than the cache's age.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entity::{DatabaseConnection, DbErr, SessionId, UserId, user};

/// Maximum number of cached sessions.
const MAX_ENTRIES: usize = 10_000;

/// An active session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Id of the session.
    pub(crate) id: SessionId,
    /// Its user.
    pub(crate) user: user::Model,
    /// When it expires, in epoch milliseconds.
    pub(crate) expires_at: i64,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<SessionId, (Instant, Arc<Session>)>,
    /// Number of revocations so far.
    revocations: u64,
}

/// The cached sessions of this gateway.
pub(crate) struct Sessions {
    max_age: Duration,
    cache: Mutex<Cache>,
}

impl Sessions {
    /// Creates a cache whose entries are valid for `max_age`.
    pub(crate) fn new(max_age: Duration) -> Self {
        Self { max_age, cache: Mutex::default() }
    }

    /// Returns the session if it is active and its user is not disabled.
    pub(crate) async fn find_active(
        &self,
        db: &DatabaseConnection,
        id: SessionId,
    ) -> Result<Option<Arc<Session>>, DbErr> {
        let began = Instant::now();
        let revocations = match self.cached(id, began) {
            Ok(session) => return Ok(Some(session)),
            Err(revocations) => revocations,
        };
        let Some((row, user)) = entity::session::find_active(db, id).await? else {
            return Ok(None);
        };
        if row.is_stale() {
            let db = db.clone();
            tokio::spawn(async move { entity::session::touch(&db, id).await });
        }
        let session = Arc::new(Session { id, user, expires_at: row.expires_at });
        self.insert(session.clone(), began, revocations);
        Ok(Some(session))
    }

    /// Removes a session that was ended.
    pub(crate) fn remove(&self, id: SessionId) {
        let mut cache = self.lock();
        cache.revocations += 1;
        cache.entries.remove(&id);
    }

    /// Removes all sessions of a user whose account has changed.
    pub(crate) fn remove_user(&self, user: UserId) {
        let mut cache = self.lock();
        cache.revocations += 1;
        cache.entries.retain(|_, (_, session)| session.user.id != user);
    }

    /// Removes all sessions, when notifications of revocations may have been missed.
    pub(crate) fn clear(&self) {
        let mut cache = self.lock();
        cache.revocations += 1;
        cache.entries.clear();
    }

    fn cached(&self, id: SessionId, now: Instant) -> Result<Arc<Session>, u64> {
        let cache = self.lock();
        match cache.entries.get(&id) {
            Some((read, session)) if now.duration_since(*read) < self.max_age && !session.is_expired() => {
                Ok(session.clone())
            }
            _ => Err(cache.revocations),
        }
    }

    fn insert(&self, session: Arc<Session>, read: Instant, revocations: u64) {
        let mut cache = self.lock();
        if cache.revocations != revocations {
            return;
        }
        if cache.entries.len() >= MAX_ENTRIES {
            cache.entries.retain(|_, (read, _)| read.elapsed() < self.max_age);
        }
        if cache.entries.len() < MAX_ENTRIES {
            cache.entries.insert(session.id, (read, session));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_expired(&self) -> bool {
        self.expires_at <= entity::clock::system_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;

    fn session() -> Arc<Session> {
        let user = user::Model {
            id: new_id(),
            email: "a@b.example".into(),
            name: None,
            password_hash: String::new(),
            role: user::Role::User,
            disabled_at: None,
            created_at: 0,
        };
        Arc::new(Session { id: new_id(), user, expires_at: entity::clock::system_ms() + 60_000 })
    }

    #[test]
    fn caches_a_session_up_to_the_maximum_age() {
        let (sessions, session, now) = (Sessions::new(Duration::from_secs(5)), session(), Instant::now());
        sessions.insert(session.clone(), now, 0);
        assert!(sessions.cached(session.id, now + Duration::from_millis(4_999)).is_ok());
        assert!(sessions.cached(session.id, now + Duration::from_secs(5)).is_err());
    }

    #[test]
    fn does_not_cache_a_read_that_a_revocation_overtook() {
        let (sessions, session, now) = (Sessions::new(Duration::from_secs(5)), session(), Instant::now());
        let before = sessions.cached(session.id, now).unwrap_err();
        sessions.remove(session.id);
        sessions.insert(session.clone(), now, before);
        assert!(sessions.cached(session.id, now).is_err());
    }

    #[test]
    fn does_not_return_an_expired_session() {
        let sessions = Sessions::new(Duration::from_secs(5));
        let over = Arc::new(Session { expires_at: entity::clock::system_ms() - 1, ..(*session()).clone() });
        sessions.insert(over.clone(), Instant::now(), 0);
        assert!(sessions.cached(over.id, Instant::now()).is_err());
    }
}
