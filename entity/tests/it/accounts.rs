//! Users and sessions.

use entity::{clock, session, user};
use futures::future::join_all;
use testkit::Database;

fn new(email: &str) -> user::New {
    user::New { email: email.into(), name: None, password_hash: "$argon2id$".into() }
}

#[tokio::test]
async fn of_many_first_accounts_exactly_one_is_administrator() {
    for database in Database::each().await {
        let db = &database.connection;
        let all = join_all((0..12).map(|n| user::create(db, new(&format!("{n}@example.com")), true))).await;
        let admins = all.into_iter().filter(|user| user.as_ref().unwrap().as_ref().unwrap().role == user::Role::Admin);
        assert_eq!(admins.count(), 1);
    }
}

#[tokio::test]
async fn an_address_is_taken_once_and_a_failed_first_account_leaves_the_place_free() {
    for database in Database::each().await {
        let db = &database.connection;
        assert!(user::create(db, new("a@example.com"), false).await.unwrap().is_some());
        assert!(user::create(db, new("a@example.com"), true).await.unwrap().is_none());
        let next = user::create(db, new("b@example.com"), true).await.unwrap().unwrap();
        assert_eq!(next.role, user::Role::Admin);
    }
}

#[tokio::test]
async fn a_session_lives_until_it_expires_or_is_revoked() {
    for database in Database::each().await {
        let db = &database.connection;
        let user = crate::user(db).await;
        let open = session::open(db, user, None, clock::wall() + 60_000).await.unwrap();
        let expired = session::open(db, user, None, clock::wall() - 1).await.unwrap();
        assert!(session::alive(db, open.id).await.unwrap().is_some());
        assert!(session::alive(db, expired.id).await.unwrap().is_none());
        session::revoke(db, open.id).await.unwrap();
        assert!(session::alive(db, open.id).await.unwrap().is_none());
    }
}
