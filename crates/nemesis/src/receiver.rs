//! A receiver of webhooks that fails now and then: it answers some events with an error first, and some late.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use uuid::Uuid;

/// How late some answers come.
const DELAY: Duration = Duration::from_secs(2);

/// An event that was received.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// `webhook-id`.
    pub(crate) id: String,
    /// The job.
    pub(crate) job: Uuid,
    /// The job's `seq` when it ended.
    pub(crate) seq: i64,
    /// The job's status.
    pub(crate) status: String,
    /// Whether it is answered with success.
    pub(crate) accepted: bool,
}

/// A receiver on the loopback interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver(Arc<Mutex<Vec<Event>>>);

#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    job: Job,
}

#[derive(Deserialize)]
struct Job {
    id: Uuid,
    seq: i64,
    status: String,
}

impl Receiver {
    /// Listens on `port`.
    ///
    /// # Errors
    /// The port is taken.
    pub(crate) async fn start(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let receiver = Self::default();
        tokio::spawn(receiver.clone().accept(listener));
        Ok(receiver)
    }

    /// All events so far, in the order of their arrival.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            let receiver = self.clone();
            // A sender that is killed breaks its connection.
            tokio::spawn(async move { receiver.answer_all(client).await.ok() });
        }
    }

    async fn answer_all(&self, client: TcpStream) -> anyhow::Result<()> {
        let mut client = BufReader::new(client);
        loop {
            let mut headers = HashMap::new();
            loop {
                let mut line = String::new();
                client.read_line(&mut line).await?;
                match line.trim_end().split_once(": ") {
                    Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
                    None if line.trim_end().is_empty() => break,
                    None => None,
                };
            }
            let length = headers.get("content-length").context("no length")?.parse()?;
            let mut body = vec![0; length];
            client.read_exact(&mut body).await?;
            let Job { id: job, seq, status } = serde_json::from_slice::<Body>(&body)?.data.job;
            let id = headers.remove("webhook-id").context("no webhook-id")?;
            let times = self.lock().iter().filter(|event| event.id == id).count();
            // Decided by the id, so that it is the same for all attempts.
            let fate = id.bytes().map(u32::from).sum::<u32>() % 10;
            let accepted = times > 0 || fate >= 3;
            self.lock().push(Event { id, job, seq, status, accepted });
            if fate == 9 {
                sleep(DELAY).await;
            }
            let answer = if accepted { "204 No Content" } else { "500 Internal Server Error" };
            client.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
