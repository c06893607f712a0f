//! Registration, sign-in and sign-out, for pages and programs.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::test_server::{Account, PASSWORD, Setup, TestServer, header, problem};

#[tokio::test]
async fn a_program_gets_a_token_that_is_valid_until_sign_out() {
    for server in TestServer::each().await {
        let body = json!({"email": "Ada@Example.org", "password": PASSWORD, "name": "Ada"});
        let response = server.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(header(&response, "set-cookie"), "");
        assert_eq!(header(&response, "cache-control"), "no-store");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["user"]["email"], "ada@example.org");
        assert_eq!(body["user"]["name"], "Ada");
        assert_eq!(body["user"]["role"], "user");
        assert!(body["expiresAt"].is_string() && body["user"]["createdAt"].is_string());
        assert!(body["user"].get("passwordHash").is_none());

        let body = json!({"email": "ADA@example.org", "password": PASSWORD});
        let response = server.request(Method::POST, "/api/auth/login").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        let token = body["token"].as_str().unwrap().to_owned();
        let account = Account { id: body["user"]["id"].as_str().unwrap().into(), token };

        let me = server.get(&account, "/api/auth/me").await;
        assert_eq!((me.status(), header(&me, "cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!(me.json::<Value>().await.unwrap()["user"]["id"].as_str(), Some(&*account.id));

        let out = server.post(&account, "/api/auth/logout", json!({})).await;
        assert_eq!(out.status(), StatusCode::NO_CONTENT);
        problem(server.get(&account, "/api/auth/me").await, 401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn a_page_gets_an_http_only_cookie_and_no_token() {
    let server = TestServer::new().await;
    let body = json!({"email": "page@example.org", "password": PASSWORD});
    let register = server.request(Method::POST, "/api/auth/register").header("origin", server.origin());
    let response = register.json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let set = header(&response, "set-cookie").to_owned();
    for part in ["session=ey", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=604800"] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    assert!(!set.contains("Secure"));
    let body: Value = response.json().await.unwrap();
    assert!(body.get("token").is_none(), "{body}");

    let cookie = set.split(';').next().unwrap().to_owned();
    let me = server.request(Method::GET, "/api/auth/me").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::OK);
    let logout = server.request(Method::POST, "/api/auth/logout").header("cookie", &cookie);
    let out = logout.header("origin", server.origin()).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let cleared = header(&out, "set-cookie");
    assert!(cleared.starts_with("session=;") && cleared.contains("; Max-Age=0"), "{cleared}");
    let me = server.request(Method::GET, "/api/auth/me").header("cookie", &cookie).send().await.unwrap();
    problem(me, 401, "unauthenticated").await;
}

#[tokio::test]
async fn the_cookie_is_host_bound_and_secure_over_https() {
    let variables = vec![("PUBLIC_URL", "https://sora.example".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let body = json!({"email": "page@example.org", "password": PASSWORD});
    let register = server.request(Method::POST, "/api/auth/register").header("origin", "https://sora.example");
    let response = register.header("host", "sora.example").json(&body).send().await.unwrap();
    let set = header(&response, "set-cookie");
    assert!(set.starts_with("__Host-session=ey") && set.contains("; Secure;"), "{set}");
}

#[tokio::test]
async fn cookie_requests_need_an_allowed_origin() {
    let server = TestServer::new().await;
    let account = server.account("cookie@example.org").await;
    let cookie = format!("session={}", account.token);
    let create = |origin: Option<&str>| {
        let request = server.request(Method::POST, "/api/videos").header("cookie", &cookie);
        let request = request.json(&json!({"prompt": "a cat"}));
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    for wrong in [None, Some("null"), Some("https://evil.example"), Some("http://localhost:1")] {
        problem(create(wrong).send().await.unwrap(), 403, "forbidden_origin").await;
    }
    assert_eq!(server.jobs_in_database().await, 0);
    let by_address = format!("http://127.0.0.1:{}", server.port);
    for origin in [server.origin(), by_address] {
        assert_eq!(create(Some(&origin)).send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    // With an Authorization header, even an invalid one, the cookie is ignored.
    for invalid in ["Bearer nonsense", "Basic abc", ""] {
        let me = server.request(Method::GET, "/api/auth/me").header("cookie", &cookie);
        problem(me.header("authorization", invalid).send().await.unwrap(), 401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn other_origins_can_neither_register_nor_sign_in() {
    let server = TestServer::new().await;
    server.account("ada@example.org").await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    for path in ["/api/auth/register", "/api/auth/login"] {
        let request = || server.request(Method::POST, path).json(&body);
        let evil = request().header("origin", "https://evil.example").send().await.unwrap();
        problem(evil, 403, "forbidden_origin").await;
        let no_origin = request().header("sec-fetch-site", "cross-site").send().await.unwrap();
        problem(no_origin, 403, "forbidden_origin").await;
    }
}

#[tokio::test]
async fn unknown_email_and_wrong_password_get_the_same_response() {
    for server in TestServer::each().await {
        server.account("ada@example.org").await;
        let mut answers = Vec::new();
        for (email, password) in [
            ("ada@example.org", "wrong password"),
            ("nobody@example.org", PASSWORD),
            ("no address", PASSWORD),
            ("a\u{0}@example.org", PASSWORD),
            ("ada@example.org", ""),
        ] {
            let body = json!({"email": email, "password": password});
            let response = server.request(Method::POST, "/api/auth/login").json(&body).send().await.unwrap();
            let mut body = problem(response, 401, "invalid_credentials").await;
            body["requestId"].take();
            answers.push(body);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    }
}

#[tokio::test]
async fn rejects_an_email_that_is_taken() {
    for server in TestServer::each().await {
        server.account("ada@example.org").await;
        let body = json!({"email": "ADA@example.org", "password": PASSWORD});
        let again = server.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap();
        problem(again, 409, "email_taken").await;
    }
}

#[tokio::test]
async fn reports_all_invalid_fields_of_a_registration() {
    let server = TestServer::new().await;
    let body = json!({"email": "nonsense", "password": "short", "name": 7, "admin": true});
    let response = server.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap();
    let problem = problem(response, 422, "invalid_fields").await;
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["email", "password", "name", "admin"]);
}

#[tokio::test]
async fn registration_can_be_closed_and_the_demos_first_account_is_administrator() {
    let variables = vec![("REGISTRATION", "closed".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let response = server.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap();
    problem(response, 403, "registration_closed").await;

    let variables = vec![("APP_ENV", "demo".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    for (email, role) in [("first@example.org", "admin"), ("second@example.org", "user")] {
        let account = server.account(email).await;
        let me: Value = server.get(&account, "/api/auth/me").await.json().await.unwrap();
        assert_eq!(me["user"]["role"], role);
    }
}

#[tokio::test]
async fn look_alike_addresses_are_one_account() {
    let server = TestServer::new().await;
    server.account("ada@example.org").await;
    let register = async |email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        server.request(Method::POST, "/api/auth/register").json(&body).send().await.unwrap()
    };
    problem(register("ａｄａ@example.org").await, 409, "email_taken").await;
    problem(register("ad\u{200b}a@example.org").await, 422, "invalid_fields").await;
    let body = json!({"email": "ａｄａ@example.org", "password": PASSWORD});
    let response = server.request(Method::POST, "/api/auth/login").json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}
