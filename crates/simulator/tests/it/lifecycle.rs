//! Starting, stopping, and the page at the root; the binary as well as the library.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Answer, LANDSCAPE, body, client, post, simulator};

#[tokio::test]
async fn stopping_tears_open_streams() {
    let simulator = simulator("pace=3600000").await;
    let response = post(&simulator, &body(LANDSCAPE, "a cat")).await;
    let (stopped, answer) = tokio::join!(simulator.stop(), Answer::read(response));
    stopped.unwrap();
    assert!(answer.torn);
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let simulator = simulator("pace=3600000").await;
    let response = post(&simulator, &body(LANDSCAPE, "a cat")).await;
    drop(simulator);
    assert!(Answer::read(response).await.torn);
}

#[tokio::test]
async fn the_root_says_what_this_is_and_lists_the_tags() {
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
async fn the_command_announces_its_address_and_leaves_on_sigterm() {
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
    assert!(Answer::read(response).await.torn);
    assert!(process.wait().unwrap().success());
}

#[test]
fn the_command_refuses_a_behaviour_it_does_not_know() {
    let output = Command::new(env!("CARGO_BIN_EXE_simulator")).args(["--behaviour", "explode"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.contains("\"explode\"") && message.contains("cut@N%"), "{message}");
}
