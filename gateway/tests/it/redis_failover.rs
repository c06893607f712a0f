//! A failover of Redis behind one address, whose old connections stay open.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Database, Failover, Redis, eventually};

use crate::live::{advance, listening};
use crate::socket_client::Socket;
use crate::test_server::{Setup, TestServer};

async fn ready(server: &TestServer) -> Value {
    server.request(Method::GET, "/readyz").send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn queue_and_websockets_follow_the_address_to_the_new_primary() {
    for planned in [true, false] {
        let mut redis = Failover::start().await;
        let setup = Setup { variables: vec![("REDIS_URL", redis.url())], ..Setup::default() };
        let server = TestServer::with(Database::sqlite().await, setup).await.on_redis(&redis.url());
        let account = server.account("ada@example.org").await;
        let (mut socket, _) = Socket::greeted(&server, &account).await;
        listening(&server, &account, &mut socket).await;
        redis.fail_over(planned).await;
        let job = server.job(&account, "after the failover").await;
        assert!(server.is_enqueued(job["id"].as_str().unwrap()).await);
        assert_eq!(ready(&server).await["redis"], "up");
        let held = server.claim(job["id"].as_str().unwrap()).await;
        let published = advance(&server, &account, held, 36).await;
        let heard = eventually("the frame arrives", async || {
            let frame = socket.heard().await;
            (frame["seq"] == published["seq"] && frame["id"] == job["id"]).then_some(frame)
        });
        assert_eq!(heard.await["progress"], 36);
    }
}

#[tokio::test]
async fn readiness_says_that_redis_evicts_keys() {
    let redis = Redis::start().await;
    let setup = Setup { variables: vec![("REDIS_URL", redis.url())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    assert_eq!(ready(&server).await["redisEvicts"], false);
    redis.command("CONFIG SET maxmemory-policy allkeys-lru").await;
    assert_eq!(ready(&server).await["redisEvicts"], false, "its memory is not limited");
    redis.command("CONFIG SET maxmemory 100mb").await;
    let state = ready(&server).await;
    assert_eq!((&state["redis"], &state["redisEvicts"]), (&json!("up"), &json!(true)));
}

#[tokio::test]
async fn readiness_says_that_redis_is_a_replica() {
    let mut redis = Failover::start().await;
    let setup = Setup { variables: vec![("REDIS_URL", redis.url())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    assert_eq!(ready(&server).await["redisFault"], Value::Null);
    redis.demote().await;
    let state = ready(&server).await;
    assert_eq!((&state["redis"], &state["redisFault"]), (&json!("down"), &json!("replica")));
    assert_eq!(state["status"], "ready", "jobs are accepted all the same");
    redis.promote();
    eventually("Redis can be used again", async || (ready(&server).await["redis"] == "up").then_some(())).await;
}
