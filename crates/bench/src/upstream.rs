//! A simulated upstream: accepts requests, reports progress at a steady pace, and records when each chunk was sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The first bytes of an MP4, enough to be accepted as a video.
const VIDEO: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08moov\0\0\0\x08mdat";

/// The pace of a generation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Time between two chunks; 0: a generation ends at once.
    pub(crate) interval: Duration,
    /// Percent of progress per chunk.
    pub(crate) step: usize,
}

/// The upstream, shared by all generations.
#[derive(Clone)]
pub(crate) struct Upstream {
    port: u16,
    pace: Arc<Mutex<Pace>>,
    sent: Arc<Mutex<HashMap<(String, i32), Instant>>>,
}

impl Upstream {
    /// Starts listening on a free port.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let pace = Pace { interval: Duration::from_secs(1), step: 1 };
        let upstream =
            Self { port: listener.local_addr()?.port(), pace: Arc::new(Mutex::new(pace)), sent: Arc::default() };
        let this = upstream.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.serve(stream).await });
            }
        });
        Ok(upstream)
    }

    /// The value of `SORA_API_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/chat/completions", self.port)
    }

    /// Sets the pace of generations that start from now on.
    pub(crate) fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    /// When the chunk with this progress of this prompt was sent.
    pub(crate) fn sent_at(&self, prompt: &str, progress: i32) -> Option<Instant> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(&(prompt.to_owned(), progress)).copied()
    }

    fn record_sent(&self, prompt: &str, progress: i32) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert((prompt.to_owned(), progress), Instant::now());
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        while let Some(body) = read_request(&mut stream).await? {
            if body.is_empty() {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: {}\r\n\r\n", VIDEO.len());
                stream.write_all(&[head.as_bytes(), VIDEO].concat()).await?;
            } else {
                self.generate(&mut stream, &prompt(&body)).await?;
            }
        }
        Ok(())
    }

    async fn generate(&self, stream: &mut TcpStream, prompt: &str) -> std::io::Result<()> {
        let Pace { interval, step } = *self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            .await?;
        // Spreads the generations over the interval.
        tokio::time::sleep(interval.mul_f64(rand::random())).await;
        for progress in (1..100).step_by(step) {
            if progress > 1 {
                tokio::time::sleep(interval).await;
            }
            self.record_sent(prompt, progress);
            send_chunk(stream, &format!("> 🏃 进度：{progress}%\n\n")).await?;
        }
        send_chunk(stream, &format!("> ✅ 视频生成成功，[点击这里](http://127.0.0.1:{}/video.mp4)\n\n", self.port))
            .await?;
        stream.write_all(b"0\r\n\r\n").await
    }
}

async fn send_chunk(stream: &mut TcpStream, content: &str) -> std::io::Result<()> {
    let chunk = serde_json::json!({"choices": [{"index": 0, "delta": {"content": content}}]});
    let event = format!("data: {chunk}\n\n");
    stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await
}

/// Reads a request and returns its body, or `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let mut body = bytes.split_off(end + 4);
            let missing = length.unwrap_or(0_usize).saturating_sub(body.len());
            let had = body.len();
            body.resize(had + missing, 0);
            stream.read_exact(&mut body[had..]).await?;
            return Ok(Some(body));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// The prompt of a chat request.
fn prompt(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let content = &body["messages"][0]["content"];
    content.as_str().or_else(|| content[0]["text"].as_str()).unwrap_or_default().to_owned()
}
