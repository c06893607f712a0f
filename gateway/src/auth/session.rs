//! Which sessions are alive: their rows say so, and a cache of a few seconds spares asking them each time.
//!
//! An entry is as old as the *start* of its reading, and a reading that a revocation overtook is not kept: a session that
//! was ended here is never alive again here, and elsewhere for no longer than the cache's age.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use entity::{DatabaseConnection, DbErr, SessionId, UserId, user};

/// Most entries kept.
const MAX_ENTRIES: usize = 10_000;

/// A session that is alive.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: SessionId,
    /// Whose it is.
    pub(crate) user: user::Model,
    /// When it ends, epoch ms.
    pub(crate) expires_at: i64,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<SessionId, (Instant, Arc<Session>)>,
    /// One up with each revocation.
    revocations: u64,
}

/// The sessions, as this gateway knows them.
pub(crate) struct Sessions {
    max_age: Duration,
    cache: Mutex<Cache>,
}

impl Sessions {
    /// With answers kept for `max_age`.
    pub(crate) fn new(max_age: Duration) -> Self {
        Self { max_age, cache: Mutex::default() }
    }

    /// The session, if it is alive and its owner's account is open.
    ///
    /// # Errors
    /// The database did not answer.
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

    /// Forgets a session that was ended.
    pub(crate) fn remove(&self, id: SessionId) {
        let mut cache = self.lock();
        cache.revocations += 1;
        cache.entries.remove(&id);
    }

    /// Forgets all sessions of a user, whose account changed.
    pub(crate) fn remove_user(&self, user: UserId) {
        let mut cache = self.lock();
        cache.revocations += 1;
        cache.entries.retain(|_, (_, session)| session.user.id != user);
    }

    /// Forgets everything: word of some revocation may have been missed.
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
    fn keeps_an_answer_for_its_age_only() {
        let (sessions, session, now) = (Sessions::new(Duration::from_secs(5)), session(), Instant::now());
        sessions.insert(session.clone(), now, 0);
        assert!(sessions.cached(session.id, now + Duration::from_millis(4_999)).is_ok());
        assert!(sessions.cached(session.id, now + Duration::from_secs(5)).is_err());
    }

    #[test]
    fn a_revocation_beats_a_reading_that_began_before_it() {
        let (sessions, session, now) = (Sessions::new(Duration::from_secs(5)), session(), Instant::now());
        let before = sessions.cached(session.id, now).unwrap_err();
        sessions.remove(session.id);
        sessions.insert(session.clone(), now, before);
        assert!(sessions.cached(session.id, now).is_err());
    }

    #[test]
    fn does_not_outlive_the_session() {
        let sessions = Sessions::new(Duration::from_secs(5));
        let over = Arc::new(Session { expires_at: entity::clock::system_ms() - 1, ..(*session()).clone() });
        sessions.insert(over.clone(), Instant::now(), 0);
        assert!(sessions.cached(over.id, Instant::now()).is_err());
    }
}
