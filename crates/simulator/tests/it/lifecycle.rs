//! Starting and stopping, as a library and as a command, and the index page.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{ChatResponse, LANDSCAPE, body, client, post, simulator};

#[tokio::test]
async fn stopping_cuts_open_streams() {
    let simulator = simulator("pace=3600000").await;
    let response = post(&simulator, &body(LANDSCAPE, "a cat")).await;
    let (stopped, response) = tokio::join!(simulator.stop(), ChatResponse::read(response));
    stopped.unwrap();
    assert!(response.aborted);
}

#[tokio::test]
async fn dropping_the_handle_stops_the_server() {
    let simulator = simulator("pace=3600000").await;
    let response = post(&simulator, &body(LANDSCAPE, "a cat")).await;
    drop(simulator);
    assert!(ChatResponse::read(response).await.aborted);
}

#[tokio::test]
async fn the_index_page_and_the_readme_list_every_behaviour() {
    let simulator = simulator("happy").await;
    let page = client().get(simulator.url()).send().await.unwrap().text().await.unwrap();
    let readme = include_str!("../../README.md");
    for form in ["cut@N%", "refuse@N%", "http-503", "pace=MS", "split-utf8"] {
        assert!(page.contains(form), "{page}");
    }
    let listed =
        page.lines().skip_while(|line| !line.starts_with("happy")).filter_map(|line| line.split_whitespace().next());
    for form in listed {
        assert!(readme.contains(&format!("| `{form}` |")), "README.md does not explain {form}");
    }
}

#[tokio::test]
async fn the_command_prints_its_address_and_exits_on_sigterm() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(["--listen", "127.0.0.1:0", "--pace", "3600000", "--behaviour", "pings"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    let request = client().post(format!("{url}/v1/chat/completions")).json(&body(LANDSCAPE, "a cat"));
    let response = request.send().await.unwrap();
    assert!(Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
    assert!(ChatResponse::read(response).await.aborted);
    assert!(process.wait().unwrap().success());
}

#[test]
fn the_command_rejects_an_unknown_behaviour() {
    let output = Command::new(env!("CARGO_BIN_EXE_simulator")).args(["--behaviour", "explode"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.contains("\"explode\"") && message.contains("cut@N%"), "{message}");
}
