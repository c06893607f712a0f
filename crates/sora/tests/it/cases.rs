//! Answers of real upstreams, replayed: each file of `tests/cases` is one exchange and how it must end.
//!
//! A file begins with a comment and `expect: …`; then follow the answers, each under a line
//! `--- POST|GET|CONTENT STATUS CONTENT-TYPE [ENCODING|content-range]`. The last poll repeats. In bodies, `{media}` stands
//! for a server of files, `ID` for the generation's id, and `{video}`, `{cut}` and `{audio}` for files.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZlibEncoder};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use futures::stream;
use sora::{Timeouts, Upstream, driver};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use url::Url;

use crate::download::{fetcher, outcome};
use crate::{generate, patient};

/// The smallest file that counts as a whole video, its index last.
const VIDEO: &[u8] = b"\0\0\0\x10ftypisom\0\0\x02\0\0\0\0\x1fmdatsome frames that follow\0\0\0\x08moov";
const AUDIO: &[u8] = b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08mdat\0\0\0\x08moov";
const ID: &str = "task_01k";

/// A file of `tests/cases`.
struct Case {
    name: String,
    expect: String,
    create: Answer,
    polls: Vec<Answer>,
    content: Option<Answer>,
}

/// One answer.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    content_type: String,
    /// An encoding, or `content-range`.
    extra: String,
    body: String,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let (head, answers) = text.split_once("--- ").unwrap();
        let expect = head.lines().find_map(|line| line.strip_prefix("expect: ")).unwrap().to_owned();
        let answers = answers.split("\n--- ").map(|answer| {
            let (head, body) = answer.split_once('\n').unwrap();
            let mut words = head.split(' ');
            let (call, status) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
            let rest: Vec<_> = words.collect();
            let plain = |word: &&str| matches!(*word, "gzip" | "gzip-unannounced" | "br" | "deflate" | "content-range");
            let extra = rest.last().copied().filter(plain).unwrap_or_default().to_owned();
            let content_type = rest.iter().filter(|word| !plain(word)).copied().collect::<Vec<_>>().join(" ");
            (call, Answer { status, content_type, extra, body: body.to_owned() })
        });
        let (mut create, mut polls, mut content) = (None, Vec::new(), None);
        for (call, answer) in answers {
            match call {
                "POST" => create = Some(answer),
                "GET" => polls.push(answer),
                _ => content = Some(answer),
            }
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Self { name, expect, create: create.unwrap(), polls, content }
    }
}

impl Answer {
    async fn response(&self, base: &str) -> Response<Body> {
        let text = self.body.replace("{media}", base).replace("ID\"", &format!("{ID}\""));
        let bytes = match text.trim() {
            "{video}" => VIDEO.to_vec(),
            "{cut}" => VIDEO[..VIDEO.len() * 2 / 3].to_vec(),
            "{audio}" => AUDIO.to_vec(),
            _ => text.into_bytes(),
        };
        let mut response = Response::builder().status(self.status).header(header::CONTENT_TYPE, &self.content_type);
        let mut encoded = Vec::new();
        match self.extra.as_str() {
            "gzip" | "gzip-unannounced" => drop(GzipEncoder::new(&*bytes).read_to_end(&mut encoded).await.unwrap()),
            "br" => drop(BrotliEncoder::new(&*bytes).read_to_end(&mut encoded).await.unwrap()),
            "deflate" => drop(ZlibEncoder::new(&*bytes).read_to_end(&mut encoded).await.unwrap()),
            _ => encoded.clone_from(&bytes),
        }
        match self.extra.as_str() {
            "" | "gzip-unannounced" => {}
            "content-range" => {
                let range = format!("bytes 0-{}/{}", encoded.len() - 1, encoded.len());
                response = response.header(header::CONTENT_RANGE, range);
            }
            encoding => response = response.header(header::CONTENT_ENCODING, encoding),
        }
        // Chunked, in small pieces: no length is announced.
        let pieces: Vec<_> = encoded.chunks(700).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        response.body(Body::from_stream(stream::iter(pieces))).unwrap()
    }
}

/// Starts an upstream that answers as in `case`; returns its address and the number of submissions.
async fn upstream(case: &Arc<Case>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (submissions, polls) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(0)));
    let (case, counter, address) = (case.clone(), submissions.clone(), base.clone());
    let answer = async move |request: Request| {
        let path = request.uri().path();
        if request.method() == Method::POST {
            counter.fetch_add(1, Ordering::Relaxed);
            return case.create.response(&address).await;
        }
        if path.ends_with("/content") {
            return case.content.as_ref().unwrap().response(&address).await;
        }
        if path.starts_with("/cdn/") {
            return file(request.uri().path_and_query().unwrap().as_str());
        }
        assert_eq!(path, format!("/v1/videos/{ID}"), "{}", case.name);
        let nth = {
            let mut polls = polls.lock().unwrap();
            *polls += 1;
            *polls - 1
        };
        case.polls[nth.min(case.polls.len() - 1)].response(&address).await
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (base, submissions)
}

/// A server of files: what is not a video by its address is not one.
fn file(address: &str) -> Response<Body> {
    let (status, body) = match address {
        _ if address.ends_with(".jpg") || address.ends_with(".webp") => {
            (StatusCode::OK, &b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..])
        }
        _ if address.ends_with(".html") => (StatusCode::OK, &b"<!DOCTYPE html><html>"[..]),
        _ if address.contains("/amp/") && !address.ends_with("?a=1&sig=x%2By&exp=9") => {
            (StatusCode::FORBIDDEN, &b"denied"[..])
        }
        _ if address.contains("mp4") || address.contains("/az%2Fraw?se=1&sig=q") => (StatusCode::OK, VIDEO),
        _ => (StatusCode::NOT_FOUND, &b"404 page not found"[..]),
    };
    Response::builder().status(status).body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn every_captured_exchange_ends_as_it_must() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let (mut wrong, count) = (Vec::new(), files.len());
    for path in files {
        let case = Arc::new(Case::read(&path));
        let (base, submissions) = upstream(&case).await;
        let chat = case.name.starts_with("chat");
        let url = Url::parse(&base).unwrap().join(if chat { "/v1/chat/completions" } else { "/v1/videos" }).unwrap();
        let dialect = sora::Dialect::of(&url).unwrap();
        let timeouts = Timeouts { lost: Duration::from_secs(20), ..patient() };
        let poll_interval = Duration::from_millis(20);
        let driver = driver(&Upstream { url: url.clone(), dialect, token: None, timeouts, poll_interval }).unwrap();
        let (events, failure) = generate(&*driver, "a cat").await;
        let outcome = outcome(&fetcher(&url), events, failure).await.replace(ID, "ID");
        assert_eq!(submissions.load(Ordering::Relaxed), 1, "{}", case.name);
        let (expected, said) = case.expect.split_once(' ').unwrap();
        let exact = expected == "completed";
        let matches = if exact {
            outcome == case.expect
        } else {
            outcome.starts_with(expected)
                && said.split_once(' ').map_or(outcome.contains(said), |(kind, text)| {
                    outcome.contains(&format!(" {kind} ")) && outcome.contains(text)
                })
        };
        if !matches {
            wrong.push(format!("{}: {outcome}, not {}", case.name, case.expect));
        }
    }
    assert!(count >= 60 && wrong.is_empty(), "{count} cases; {wrong:#?}");
}
