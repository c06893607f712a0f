//! A minimal HTTP client for tests.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Returns a port that is currently free.
pub async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Sends a GET request and returns the whole response, head and body.
pub async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the process listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the process reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the process answers in text");
    answer
}
