//! Links that show one video to whoever has them.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::world::{Account, World, header, problem};

const CONTENT: &[u8] = b"0123456789";

async fn video(world: &World, account: &Account) -> String {
    let job = world.job(account, "a secret prompt").await["id"].as_str().unwrap().to_owned();
    world.completed(&job, CONTENT).await
}

async fn shared(world: &World, account: &Account, video: &str) -> Value {
    let response = world.post(account, &format!("/api/videos/{video}/shares"), json!({})).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

async fn open(world: &World, token: &str, rest: &str) -> Response {
    world.request(Method::GET, &format!("/api/shares/{token}{rest}")).send().await.unwrap()
}

#[tokio::test]
async fn a_link_shows_the_video_and_nothing_else() {
    for world in World::each().await {
        let ada = world.account("ada@example.org").await;
        let video = video(&world, &ada).await;
        let share = shared(&world, &ada, &video).await;
        let token = share["token"].as_str().unwrap();
        assert_eq!(share["url"], format!("{}/share/{token}", world.origin()));
        let shown: Value = open(&world, token, "").await.json().await.unwrap();
        let mut members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["contentType", "expiresAt", "hasPoster", "orientation", "seconds", "size"]);
        let whole = open(&world, token, "/content").await;
        assert_eq!(header(&whole, "content-security-policy"), "sandbox");
        assert_eq!(whole.bytes().await.unwrap(), CONTENT);
        let part = world.request(Method::GET, &format!("/api/shares/{token}/content")).header("range", "bytes=2-4");
        let part = part.send().await.unwrap();
        assert_eq!((part.status(), header(&part, "content-range")), (StatusCode::PARTIAL_CONTENT, "bytes 2-4/10"));
        assert_eq!(part.bytes().await.unwrap(), CONTENT[2..5]);
    }
}

#[tokio::test]
async fn only_the_owner_makes_links_and_takes_them_back() {
    for world in World::each().await {
        let (ada, eve) = (world.account("ada@example.org").await, world.account("eve@example.org").await);
        let video = video(&world, &ada).await;
        let path = format!("/api/videos/{video}/shares");
        problem(world.post(&eve, &path, json!({})).await, 404, "not_found").await;
        problem(world.delete(&eve, &path).await, 404, "not_found").await;
        let (one, two) = (shared(&world, &ada, &video).await, shared(&world, &ada, &video).await);
        assert_ne!(one["token"], two["token"]);
        assert_eq!(world.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
        for share in [one, two] {
            for rest in ["", "/content"] {
                problem(open(&world, share["token"].as_str().unwrap(), rest).await, 404, "not_found").await;
            }
        }
    }
}

#[tokio::test]
async fn a_forged_or_foreign_token_shows_nothing() {
    let world = World::new().await;
    let ada = world.account("ada@example.org").await;
    let (one, two) = (video(&world, &ada).await, video(&world, &ada).await);
    let token = shared(&world, &ada, &one).await["token"].as_str().unwrap().to_owned();
    let other = shared(&world, &ada, &two).await["token"].as_str().unwrap().to_owned();
    let ((id, signature), (other_id, _)) = (token.split_once('_').unwrap(), other.split_once('_').unwrap());
    let zeros = "0".repeat(64);
    for forged in [
        format!("{other_id}_{signature}"),
        format!("{id}_{zeros}"),
        format!("{id}_"),
        id.to_owned(),
        format!("{one}_{signature}"),
        token.to_uppercase(),
        ada.token.clone(),
        "%00".into(),
    ] {
        problem(open(&world, &forged, "").await, 404, "not_found").await;
        problem(open(&world, &forged, "/content").await, 404, "not_found").await;
    }
    let as_token = Account { id: ada.id, token };
    problem(world.get(&as_token, "/api/models").await, 401, "unauthenticated").await;
}

#[tokio::test]
async fn a_link_ends_with_its_time_its_video_and_its_owner() {
    for world in World::each().await {
        let ada = world.account("ada@example.org").await;
        let (expired, deleted, orphaned) =
            (video(&world, &ada).await, video(&world, &ada).await, video(&world, &ada).await);
        let path = format!("/api/videos/{expired}/shares");
        for wrong in [json!({"expiresIn": 59}), json!({"expiresIn": 99_999_999}), json!({"expiresIn": "1"})] {
            problem(world.post(&ada, &path, wrong).await, 422, "invalid_fields").await;
        }
        let db = &world.database.connection;
        let over = entity::share::open(db, expired.parse().unwrap(), entity::clock::wall() - 1).await.unwrap();
        assert!(entity::share::alive(db, over.id).await.unwrap().is_none());

        let token = shared(&world, &ada, &deleted).await["token"].as_str().unwrap().to_owned();
        let described: Value = world.get(&ada, &format!("/api/videos/{deleted}")).await.json().await.unwrap();
        world.delete(&ada, &format!("/api/videos/jobs/{}", described["jobId"].as_str().unwrap())).await;
        problem(open(&world, &token, "").await, 404, "not_found").await;

        let token = shared(&world, &ada, &orphaned).await["token"].as_str().unwrap().to_owned();
        assert_eq!(open(&world, &token, "").await.status(), StatusCode::OK);
        entity::user::disable(db, ada.id.parse().unwrap()).await.unwrap().done().unwrap();
        problem(open(&world, &token, "").await, 404, "not_found").await;
    }
}
