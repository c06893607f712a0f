//! Searching jobs by text, state and time.

use serde_json::{Value, json};

use crate::test_server::{Account, TestServer, problem};

async fn prompts(server: &TestServer, account: &Account, query: &[(&str, &str)]) -> Vec<String> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let body: Value = server.get(account, &format!("/api/videos/jobs?{query}")).await.json().await.unwrap();
    let jobs = body["data"].as_array().unwrap_or_else(|| panic!("{body}"));
    jobs.iter().map(|job| job["prompt"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn finds_literal_text_in_own_prompts_only() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        for prompt in ["A red Fox", "100% fox", "under_score", "back\\slash", "日落"] {
            server.job(&ada, prompt).await;
        }
        server.job(&eve, "a fox of hers").await;
        assert_eq!(prompts(&server, &ada, &[("q", "FOX")]).await, ["100% fox", "A red Fox"]);
        for (text, found) in [("%", "100% fox"), ("r_s", "under_score"), ("k\\s", "back\\slash"), ("日", "日落")] {
            assert_eq!(prompts(&server, &ada, &[("q", text)]).await, [found], "{text}");
        }
        let none: [&str; 0] = [];
        for text in ["f_x", "fox%", "' OR 1=1 --"] {
            assert_eq!(prompts(&server, &ada, &[("q", text)]).await, none, "{text}");
        }
        let long = "x".repeat(201);
        let refused = server.get(&ada, &format!("/api/videos/jobs?q={long}&from=yesterday&status=done&q=%00")).await;
        let problem = problem(refused, 422, "invalid_fields").await;
        let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(fields, [&json!("status"), &json!("q"), &json!("q"), &json!("from")]);
    }
}

#[tokio::test]
async fn filters_by_several_states_and_a_time_range() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let first = server.job(&ada, "first").await;
        let second = server.job(&ada, "second").await;
        let third = server.job(&ada, "third").await;
        server.completed(first["id"].as_str().unwrap(), b"0123456789").await;
        server.claim(second["id"].as_str().unwrap()).await;
        let both = prompts(&server, &ada, &[("status", "completed,pending")]).await;
        assert_eq!(both, ["third", "first"]);
        let processing = prompts(&server, &ada, &[("status", "processing"), ("status", "failed")]).await;
        assert_eq!(processing, ["second"]);
        let at = |job: &Value| job["createdAt"].as_str().unwrap().to_owned();
        let since = prompts(&server, &ada, &[("from", &at(&third))]).await;
        assert!(since.contains(&"third".to_owned()));
        let before = prompts(&server, &ada, &[("to", &at(&first))]).await;
        assert!(!before.contains(&"first".to_owned()));
    }
}

#[tokio::test]
async fn cursor_continues_after_the_page_while_new_jobs_arrive() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        for n in 0..5 {
            server.job(&ada, &format!("fox {n}")).await;
        }
        let mut path = "/api/videos/jobs?q=fox&limit=2".to_owned();
        let mut seen = Vec::new();
        loop {
            let page: Value = server.get(&ada, &path).await.json().await.unwrap();
            seen.extend(page["data"].as_array().unwrap().iter().map(|job| job["prompt"].as_str().unwrap().to_owned()));
            server.job(&ada, "fox of late").await;
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/api/videos/jobs?q=fox&limit=2&cursor={cursor}");
        }
        assert_eq!(seen, ["fox 4", "fox 3", "fox 2", "fox 1", "fox 0"]);
    }
}
