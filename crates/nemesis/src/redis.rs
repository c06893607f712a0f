//! The run's own Redis with an append-only file, and a minimal client for commands to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::process::{Process, Program};
use crate::wait::wait_for;

/// Timeout of a command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nil.
    Nil,
    /// An integer.
    Int(i64),
    /// A simple or bulk string.
    Text(String),
    /// An array.
    List(Vec<Reply>),
}

/// The server.
#[derive(Debug)]
pub(crate) struct Redis {
    /// Its process.
    pub(crate) process: Process,
    /// Its port.
    pub(crate) port: u16,
    data: PathBuf,
}

impl Redis {
    /// A server that is not running yet.
    pub(crate) fn new(folder: &Path, name: &str, port: u16) -> anyhow::Result<Self> {
        let data = folder.join(name);
        std::fs::create_dir_all(&data)?;
        let flags = format!("--port {port} --bind 127.0.0.1 --appendonly yes --maxmemory-policy noeviction --save");
        let mut arguments: Vec<String> = flags.split(' ').map(ToOwned::to_owned).collect();
        arguments.extend([String::new(), "--dir".into(), data.display().to_string()]);
        let process = Process::new(Program {
            name: name.into(),
            path: "redis-server".into(),
            arguments,
            environment: Vec::new(),
            folder: folder.to_owned(),
            owner: None,
            ready: "Ready to accept connections",
            piped: false,
        });
        Ok(Self { process, port, data })
    }

    /// Starts the server and waits until it responds.
    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        self.process.start()?;
        let pong = Reply::Text("PONG".into());
        wait_for("Redis responds", Duration::from_secs(20), async || {
            self.command(&["PING"]).await.ok().filter(|reply| *reply == pong)
        })
        .await
        .map(drop)
    }

    /// Deletes its data directory.
    pub(crate) fn delete_data(&self) -> std::io::Result<()> {
        std::fs::remove_dir_all(&self.data)?;
        std::fs::create_dir_all(&self.data)
    }

    /// Sends one command on a new connection.
    pub(crate) async fn command(&self, arguments: &[&str]) -> anyhow::Result<Reply> {
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            let mut bytes = format!("*{}\r\n", arguments.len());
            for argument in arguments {
                bytes += &format!("${}\r\n{argument}\r\n", argument.len());
            }
            stream.write_all(bytes.as_bytes()).await?;
            read_reply(&mut BufReader::new(stream)).await
        };
        timeout(COMMAND_TIMEOUT, exchange).await.context("Redis timed out")?
    }
}

impl Reply {
    /// A short text for logs.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Nil => "nil".into(),
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::List(list) => list.iter().map(Self::to_text).collect::<Vec<_>>().join(" "),
        }
    }
}

async fn read_reply(reader: &mut BufReader<TcpStream>) -> anyhow::Result<Reply> {
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).context("Redis closed the connection")?;
    Ok(match kind {
        "+" => Reply::Text(rest.to_owned()),
        ":" => Reply::Int(rest.parse()?),
        "$" | "*" if rest == "-1" => Reply::Nil,
        "$" => {
            let mut bytes = vec![0; rest.parse::<usize>()? + 2];
            reader.read_exact(&mut bytes).await?;
            bytes.truncate(bytes.len() - 2);
            Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
        }
        "*" => {
            let mut list = Vec::new();
            for _ in 0..rest.parse::<usize>()? {
                list.push(Box::pin(read_reply(reader)).await?);
            }
            Reply::List(list)
        }
        _ => bail!("unexpected Redis reply: {line}"),
    })
}
