//! The first administrator, and the commands for accounts.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use entity::user::{self, Role};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::test_server::{PASSWORD, SECRET, Setup, TestServer, problem};

/// A server in production, with registration closed.
async fn production(database: Database) -> TestServer {
    let public = "http://sora.example".to_owned();
    let variables = vec![("APP_ENV", "production".to_owned()), ("PUBLIC_URL", public)];
    TestServer::with(database, Setup { variables, ..Setup::default() }).await
}

async fn register(server: &TestServer, email: &str, token: Option<&str>) -> reqwest::Response {
    let mut body = json!({"email": email, "password": PASSWORD});
    if let Some(token) = token {
        body["setupToken"] = json!(token);
    }
    let request = server.request(Method::POST, "/api/auth/register").header("host", "sora.example");
    request.json(&body).send().await.unwrap()
}

#[tokio::test]
async fn the_setup_token_creates_one_administrator_while_registration_is_closed() {
    for database in Database::each().await {
        let server = production(database).await;
        let token = gateway::setup_token(SECRET);
        problem(register(&server, "a@example.org", None).await, 403, "registration_closed").await;
        problem(register(&server, "a@example.org", Some("guess")).await, 403, "invalid_setup_token").await;
        let made = register(&server, "a@example.org", Some(&token)).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        assert_eq!(made.json::<Value>().await.unwrap()["user"]["role"], "admin");
        problem(register(&server, "b@example.org", Some(&token)).await, 403, "invalid_setup_token").await;
    }
}

#[tokio::test]
async fn of_twenty_simultaneous_registrations_one_becomes_administrator() {
    for database in Database::each().await {
        let server = production(database).await;
        let token = gateway::setup_token(SECRET);
        let emails: Vec<_> = (0..20).map(|n| format!("{n}@example.org")).collect();
        let statuses = join_all(emails.iter().map(|email| async {
            // The CPU pool rejects some with 503.
            loop {
                let status = register(&server, email, Some(&token)).await.status();
                if status != StatusCode::SERVICE_UNAVAILABLE {
                    return status;
                }
            }
        }));
        let created = statuses.await.into_iter().filter(|status| *status == StatusCode::CREATED).count();
        assert_eq!(created, 1);
        assert_eq!(user::page(&server.database.connection, None, None, 100).await.unwrap().len(), 1);
    }
}

fn run(database: &Database, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gateway"))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn commands_create_an_administrator_and_reset_a_password() {
    for database in Database::each().await {
        let create = ["admin", "create", "--email", "Admin@Example.org", "--password-stdin"];
        let created = run(&database, &create, &format!("{PASSWORD}\n"));
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
        let admin = user::by_email(&database.connection, "admin@example.org").await.unwrap().unwrap();
        assert_eq!(admin.role, Role::Admin);
        assert!(!run(&database, &create, &format!("{PASSWORD}\n")).status.success(), "the address is taken");
        assert!(
            !run(&database, &["admin", "create", "--email", "b@c.d", "--password-stdin"], "short\n").status.success()
        );

        let reset = run(&database, &["user", "reset-password", "--email", "admin@example.org"], "");
        let output = String::from_utf8(reset.stdout).unwrap();
        let password = output.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(password.len() >= 20, "{output}");
        let unknown = run(&database, &["user", "reset-password", "--email", "nobody@example.org"], "");
        assert!(!unknown.status.success());
        assert!(!entity::setup::is_open(&database.connection).await.unwrap(), "the setup token is still valid");

        let server = TestServer::with(database, Setup::default()).await;
        let login = async |password: &str| {
            let body = json!({"email": "admin@example.org", "password": password});
            server.request(Method::POST, "/api/auth/login").json(&body).send().await.unwrap().status()
        };
        assert_eq!(login(PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert_eq!(login(&password).await, StatusCode::OK);
    }
}
