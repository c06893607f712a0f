//! Budgets and reports: over-budget requests are refused on every surface, and nobody sees another user's costs.

use entity::attempt::{self, NewAttempt};
use entity::budget::Budgets;
use entity::job::{self, AttemptStart, JobClaim};
use entity::submission::{Caps, day_of};
use entity::{clock, id, spending, worker};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use testkit::Database;

use crate::mcp::refused;
use crate::test_server::{Account, Setup, TestServer, envelope, problem};

const CATALOGUE: &str = r#"
currency = "CNY"

[[upstream]]
name = "relay"
url = "https://relay.example/v1/videos"

[[model]]
name = "sora-2"
seconds = [8, 4]
sizes = ["720x1280", "1280x720"]
price = { per = "second", amount = 0.4 }

[[model]]
name = "local"
seconds = [4]
sizes = ["1280x720"]
price = { per = "video", amount = 0 }
"#;

async fn server(database: Database, budgets: &[(&'static str, &str)]) -> TestServer {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CATALOGUE).unwrap();
    let mut variables = vec![("SORA_CATALOGUE", file.path().display().to_string())];
    variables.extend(budgets.iter().map(|(name, amount)| (*name, (*amount).to_owned())));
    TestServer::with(database, Setup { variables, ..Setup::default() }).await
}

/// Sends an attempt of a job, as a processor does. With `result`, it leads to a video. Returns the claim.
async fn spend(server: &TestServer, job: &Value, cost: i64, result: bool) -> JobClaim {
    let db = &server.database.connection;
    let worker_id = id::new_id();
    worker::register(db, worker_id, "host", std::time::Duration::from_secs(600)).await.unwrap();
    let job_id = job["id"].as_str().unwrap().parse().unwrap();
    let job::ClaimResult::Claimed(claimed) = job::claim(db, job_id, worker_id).await.unwrap() else { panic!() };
    let claim = JobClaim { job: claimed.id, epoch: claimed.epoch };
    let new = NewAttempt {
        id: id::new_id(),
        upstream: "relay".into(),
        sent_at: clock::system_ms(),
        cost: Some(cost),
        is_follow_up: false,
    };
    let attempt = new.id;
    let caps = Caps { budgets: Budgets { currency: Some("CNY"), ..Budgets::default() }, ..Caps::default() };
    assert!(matches!(job::start_attempt(db, claim, new, caps).await.unwrap(), AttemptStart::Started(_)));
    if result {
        attempt::complete_each(db, &[(attempt, "https://cdn.example/v.mp4".into())]).await.unwrap();
    }
    claim
}

async fn json(server: &TestServer, account: &Account, path: &str) -> Value {
    let response = server.get(account, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn requests_over_budget_are_refused_on_every_surface() {
    for database in Database::each().await {
        let server = server(database, &[("BUDGET_PER_USER_PER_DAY", "8.60")]).await;
        let (ada, bob) = (server.account("ada@example.org").await, server.account("bob@example.org").await);
        assert_eq!(json(&server, &ada, "/api/budgets").await["budgets"][0]["left"], "8.60");
        let four = json!({"prompt": "a", "model": "sora-2", "seconds": 4, "count": 4});
        let accepted = server.post(&ada, "/api/videos", four.clone()).await;
        assert_eq!(accepted.status(), StatusCode::ACCEPTED);
        let accepted: Value = accepted.json().await.unwrap();
        // One of the four, which cost 1.60 each, runs; the others wait.
        spend(&server, &accepted["jobs"][0], 160, false).await;
        let budgets = json(&server, &ada, "/api/budgets").await;
        let expected = json!({
            "scope": "user", "period": "day", "amount": "8.60", "spent": "1.60", "left": "2.20",
            "resetsAt": clock::rfc3339((i64::from(day_of(clock::system_ms())) + 1) * 86_400_000),
        });
        assert_eq!(budgets, json!({"currency": "CNY", "budgets": [expected]}));

        let two = json!({"prompt": "b", "model": "sora-2", "seconds": 4, "count": 2});
        let refusal = server.post(&ada, "/api/videos", two).await;
        let wait: i64 = refusal.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait));
        let refusal = problem(refusal, 429, "over_budget").await;
        let detail = refusal["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("Your budget for today has CNY 2.20 left, and this costs CNY 3.20. It resets at "),
            "{detail}"
        );
        let body = json!({"prompt": "b", "model": "sora-2", "seconds": "8"});
        envelope(server.post(&ada, "/v1/videos", body).await, 429, "over_budget").await;
        let arguments = json!({"prompt": "b", "model": "sora-2", "seconds": 8});
        let said = refused(&server, &ada, "generate_video", arguments).await;
        assert!(said.contains("CNY 2.20 left"), "{said}");
        // A repetition of what was accepted, what fits, what is free, and other users are not refused.
        for (account, body) in [
            (&ada, json!({"prompt": "c", "model": "sora-2", "seconds": 4})),
            (&ada, json!({"prompt": "c", "model": "local", "count": 4})),
            (&bob, four),
        ] {
            assert_eq!(server.post(account, "/api/videos", body).await.status(), StatusCode::ACCEPTED);
        }
    }
}

#[tokio::test]
async fn a_budget_of_all_users_shows_only_what_is_left() {
    let server = server(Database::sqlite().await, &[("BUDGET_PER_MONTH", "4")]).await;
    let (ada, bob) = (server.account("ada@example.org").await, server.account("bob@example.org").await);
    let job = server.job(&ada, "a").await;
    spend(&server, &job, 320, false).await;
    let budgets = json(&server, &bob, "/api/budgets").await;
    let expected = json!([{
        "scope": "everyone", "period": "month", "amount": null, "spent": null, "left": "0.80",
        "resetsAt": clock::rfc3339(spending::next_month()),
    }]);
    assert_eq!(budgets["budgets"], expected);
    let refusal = problem(server.post(&bob, "/api/videos", json!({"prompt": "b"})).await, 429, "over_budget").await;
    assert!(refusal["detail"].as_str().unwrap().starts_with("This server's budget for this month has CNY 0.80 left"));
}

#[tokio::test]
async fn administrators_give_an_account_a_budget_of_its_own() {
    for database in Database::each().await {
        let server = server(database, &[]).await;
        let (ada, admin) = (server.account("ada@example.org").await, server.admin("root@example.org").await);
        let path = format!("/api/admin/users/{}", ada.id);
        let change = async |body: Value| {
            server.request(Method::PATCH, &path).bearer_auth(&admin.token).json(&body).send().await.unwrap()
        };
        problem(change(json!({"budgetPerDay": "1.005"})).await, 422, "invalid_fields").await;
        let changed: Value =
            change(json!({"budgetPerDay": "3.00", "budgetPerMonth": "30"})).await.json().await.unwrap();
        assert_eq!(changed["budget"], json!({"currency": "CNY", "perDay": "3.00", "perMonth": "30.00"}));
        problem(server.post(&ada, "/api/videos", json!({"prompt": "a"})).await, 429, "over_budget").await;
        let changed: Value = change(json!({"budgetPerDay": null})).await.json().await.unwrap();
        assert_eq!(changed["budget"], json!({"currency": "CNY", "perDay": null, "perMonth": "30.00"}));
        server.job(&ada, "a").await;
        let changed: Value = change(json!({"budgetPerMonth": null})).await.json().await.unwrap();
        assert_eq!(changed["budget"], Value::Null);
        let audit = json(&server, &admin, "/api/admin/audit").await;
        assert_eq!(audit["data"][0]["action"], "user.budget");
        let forbidden = server.request(Method::PATCH, &path).bearer_auth(&ada.token);
        problem(forbidden.json(&json!({"budgetPerDay": "1000"})).send().await.unwrap(), 403, "forbidden").await;
    }
}

#[tokio::test]
async fn reports_show_an_account_its_own_costs_and_administrators_all() {
    for database in Database::each().await {
        let server = server(database, &[]).await;
        let (ada, bob) = (server.account("ada@example.org").await, server.account("bob@example.org").await);
        let admin = server.admin("root@example.org").await;
        let today = spending::day_of(clock::system_ms());
        let mut claims = Vec::new();
        for (account, cost, result) in [(&ada, 320, true), (&ada, 160, false), (&bob, 160, true)] {
            let job = server.job(account, "a").await;
            claims.push(spend(&server, &job, cost, result).await);
        }
        // A deleted job stays on record.
        let db = &server.database.connection;
        job::fail(db, claims[0], &job::JobFailure { code: "unknown", message: "?".into() }).await.unwrap();
        let path = format!("/api/videos/jobs/{}", claims[0].job);
        assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);

        let usage = json(&server, &ada, "/api/usage").await;
        let costs = json!({
            "currency": "CNY", "certainAttempts": 1, "certainAmount": "3.20", "possibleAttempts": 1, "possibleAmount": "1.60",
        });
        assert_eq!((&usage["totals"], &usage["truncated"]), (&json!([costs]), &json!(false)));
        assert_eq!((&usage["data"][0]["day"], &usage["data"][0]["model"]), (&json!(today), &json!("sora-2")));
        assert!(usage["data"][0].get("userId").is_none() && usage["data"].as_array().unwrap().len() == 1);
        let of_bob = json(&server, &ada, &format!("/api/usage?user={}&by=user", bob.id)).await;
        assert_eq!(of_bob["totals"], json!([costs]), "the parameter is not known here");
        let csv = server.get(&ada, "/api/usage?format=csv").await;
        assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
        assert!(csv.headers()["content-disposition"].to_str().unwrap().contains(&format!("{today}.csv\"")));
        let lines = csv.text().await.unwrap();
        let expected = "day,model,currency,certain_attempts,certain_amount,possible_attempts,possible_amount\r\n";
        assert_eq!(lines, format!("{expected}{today},sora-2,CNY,1,3.20,1,1.60\r\n"));
        problem(server.get(&ada, "/api/admin/costs").await, 403, "forbidden").await;

        let job = json(&server, &admin, &format!("/api/admin/jobs/{}", claims[1].job)).await;
        let attempt = &job["attempts"][0];
        assert_eq!((&attempt["costState"], &attempt["cost"]), (&json!("possible"), &json!("1.60")));

        let all = json(&server, &admin, "/api/admin/costs").await;
        assert_eq!(all["totals"][0]["certainAmount"], "4.80");
        let row = all["data"].as_array().unwrap().iter().find(|row| row["userId"] == bob.id).unwrap();
        assert_eq!((&row["email"], &row["upstream"]), (&json!("bob@example.org"), &json!("relay")));
        let by_day = json(&server, &admin, &format!("/api/admin/costs?by=day,model&user={}", bob.id)).await;
        assert_eq!((by_day["data"].as_array().unwrap().len(), &by_day["data"][0]["userId"]), (1, &Value::Null));
        assert_eq!(by_day["totals"][0]["certainAmount"], "1.60");
        let csv = server.get(&admin, "/api/admin/costs?format=csv&by=upstream").await.text().await.unwrap();
        assert_eq!(csv.lines().nth(1), Some(",,relay,,,CNY,2,4.80,1,1.60"));
        let earlier = json(&server, &admin, "/api/admin/costs?from=2020-01-01&to=2020-12-31").await;
        assert_eq!((&earlier["data"], &earlier["totals"]), (&json!([]), &json!([])));
        problem(server.get(&admin, "/api/admin/costs?from=yesterday&by=hour").await, 422, "invalid_fields").await;
    }
}

#[tokio::test]
async fn without_prices_there_is_nothing_to_limit() {
    let server = TestServer::new().await;
    let (ada, admin) = (server.account("ada@example.org").await, server.admin("root@example.org").await);
    assert_eq!(json(&server, &ada, "/api/budgets").await, json!({"currency": null, "budgets": []}));
    let path = format!("/api/admin/users/{}", ada.id);
    let change = server.request(Method::PATCH, &path).bearer_auth(&admin.token).json(&json!({"budgetPerDay": "1"}));
    problem(change.send().await.unwrap(), 422, "invalid_fields").await;
}
