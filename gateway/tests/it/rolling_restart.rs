//! Replacing a gateway by another one on the same port without losing requests.

use std::io;
use std::net::SocketAddr;

use testkit::{Database, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::test_server::{Setup, TestServer};

/// Sends a request on a new connection. Returns the status line of the response.
async fn request_status(port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_every_request_while_another_gateway_takes_over() {
    let port = free_port().await;
    let server =
        async || TestServer::with(Database::sqlite().await, Setup { port: Some(port), ..Setup::default() }).await;
    let mut current = server().await;
    for _ in 0..5 {
        let next = server().await;
        let asking = tokio::spawn(async move {
            for _ in 0..400 {
                assert_eq!(request_status(port).await.unwrap(), "HTTP/1.1 200 OK");
            }
        });
        assert_eq!(request_status(port).await.unwrap(), "HTTP/1.1 200 OK");
        current.shutdown.cancel();
        current.served.await.unwrap().unwrap();
        asking.await.unwrap();
        current = next;
    }
}

#[tokio::test]
async fn shares_a_port_only_if_both_gateways_allow_it() {
    let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
    for (first, second) in [(false, false), (false, true), (true, false)] {
        let taken = gateway::bind(address(0), first).unwrap();
        let refusal = gateway::bind(taken.local_addr().unwrap(), second).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::AddrInUse);
    }
}
