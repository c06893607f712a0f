//! Accounts, sessions and API keys.

use entity::id::{kind, new_id};
use entity::user::{InitialRole, Registered};
use entity::{DatabaseConnection, account, api_key, clock, job, session, user};
use futures::future::join_all;
use sea_orm::EntityTrait;
use testkit::Database;

use crate::{new_job, pending_job};

fn new(email: &str) -> user::New {
    user::New { email: email.into(), name: None, password_hash: "$argon2id$".into() }
}

async fn register(db: &DatabaseConnection, new: user::New, role: InitialRole) -> Option<user::Model> {
    match user::register(db, new, role).await.unwrap() {
        Registered::Created(user) => Some(user),
        Registered::EmailTaken | Registered::SetupClosed => None,
    }
}

#[tokio::test]
async fn one_of_many_concurrent_first_accounts_becomes_administrator() {
    for database in Database::each().await {
        let db = &database.connection;
        let all = (0..12).map(|n| register(db, new(&format!("{n}@example.com")), InitialRole::AdminIfFirst));
        let admins = join_all(all).await.into_iter().filter(|user| user.as_ref().unwrap().role == user::Role::Admin);
        assert_eq!(admins.count(), 1);
    }
}

#[tokio::test]
async fn a_rejected_first_account_does_not_use_up_the_setup() {
    for database in Database::each().await {
        let db = &database.connection;
        assert!(register(db, new("a@example.com"), InitialRole::User).await.is_some());
        assert!(register(db, new("a@example.com"), InitialRole::AdminIfFirst).await.is_none());
        let next = register(db, new("b@example.com"), InitialRole::AdminIfFirst).await.unwrap();
        assert_eq!(next.role, user::Role::Admin);
    }
}

#[tokio::test]
async fn a_session_is_active_until_it_expires_or_is_revoked() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let active = session::create(db, user, None, clock::system_ms() + 60_000).await.unwrap().0;
        let expired = session::create(db, user, None, clock::system_ms() - 1).await.unwrap().0;
        assert!(session::find_active(db, active.id).await.unwrap().is_some());
        assert!(session::find_active(db, expired.id).await.unwrap().is_none());
        session::revoke(db, active.id).await.unwrap();
        assert!(session::find_active(db, active.id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn the_setup_token_creates_one_administrator_even_if_used_concurrently() {
    for database in Database::each().await {
        let db = &database.connection;
        let attempts = (0..20).map(|n| user::register(db, new(&format!("{n}@example.com")), InitialRole::FirstAdmin));
        let results = join_all(attempts).await.into_iter().map(Result::unwrap);
        let (created, rejected): (Vec<_>, Vec<_>) =
            results.partition(|result| matches!(result, Registered::Created(_)));
        assert_eq!(created.len(), 1);
        assert!(rejected.iter().all(|result| matches!(result, Registered::SetupClosed)));
        assert_eq!(user::page(db, None, None, 100).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_new_password_revokes_all_sessions_but_one() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let mut sessions = Vec::new();
        for _ in 0..3 {
            sessions.push(session::create(db, user, None, clock::system_ms() + 60_000).await.unwrap().0.id);
        }
        let revoked = account::set_password(db, user, "$argon2id$new".into(), Some(sessions[1])).await.unwrap();
        assert_eq!(revoked.len(), 2);
        let active = session::of_user(db, user).await.unwrap();
        assert_eq!(active.iter().map(|session| session.id).collect::<Vec<_>>(), [sessions[1]]);
    }
}

#[tokio::test]
async fn use_is_recorded_at_most_once_a_minute() {
    for database in Database::each().await {
        let db = &database.connection;
        let new =
            api_key::New { user_id: testkit::user(db).await, name: "ci".into(), hash: "h".into(), scopes: vec![] };
        let key = api_key::create(db, new, 50).await.unwrap().unwrap();
        let used = async || api_key::by_hash(db, "h").await.unwrap().unwrap().0.last_used_at;
        assert_eq!(used().await, None);
        api_key::touch(db, key.id).await.unwrap();
        let first = used().await.unwrap();
        testkit::eventually("the clock advances", async || (clock::system_ms() > first).then_some(())).await;
        api_key::touch(db, key.id).await.unwrap();
        assert_eq!(used().await, Some(first));
    }
}

#[tokio::test]
async fn searches_for_literal_text_ignoring_case() {
    for database in Database::each().await {
        let db = &database.connection;
        for name in ["100%", "100 percent", "A_b", "Axb", "back\\slash", "École"] {
            let new = user::New { name: Some(name.into()), ..new(&format!("{}@example.com", new_id::<kind::User>())) };
            register(db, new, InitialRole::User).await.unwrap();
        }
        let found = async |text: &str| user::page(db, Some(text), None, 10).await.unwrap().len();
        assert_eq!(found("100%").await, 1);
        assert_eq!(found("100").await, 2);
        assert_eq!(found("a_B").await, 1);
        assert_eq!(found("back\\s").await, 1);
        assert_eq!(found("École").await, 1);
        assert_eq!(found("' OR 1=1 --").await, 0);
        assert_eq!(found("nobody").await, 0);
    }
}

#[tokio::test]
async fn a_user_keeps_the_newest_hundred_sessions() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = testkit::user(db).await;
        let mut created = Vec::new();
        for number in 0..103 {
            let (session, ended) = session::create(db, user, None, clock::system_ms() + 60_000).await.unwrap();
            assert_eq!(ended, if number < 100 { vec![] } else { vec![created[number - 100]] });
            created.push(session.id);
        }
        let active: Vec<_> = session::of_user(db, user).await.unwrap().into_iter().map(|session| session.id).collect();
        assert_eq!(active, created[3..].iter().rev().copied().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_account_with_many_jobs_is_deleted_completely() {
    for database in Database::each().await {
        let db = &database.connection;
        let (user, other) = (testkit::user(db).await, testkit::user(db).await);
        for _ in 0..3 {
            testkit::jobs(db, &new_job(user), 500).await;
        }
        let kept = pending_job(db, other).await;
        let deleted = account::delete(db, user).await.unwrap().unwrap();
        assert_eq!((deleted.unfinished.len(), deleted.paths.len()), (1_500, 0));
        let left = job::Entity::find().all(db).await.unwrap();
        assert_eq!(left.into_iter().map(|job| job.id).collect::<Vec<_>>(), [kept]);
    }
}
