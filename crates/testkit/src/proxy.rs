//! A proxy in front of a server: cuts connections, and leads new ones elsewhere, as an address does after a failover.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy on loopback.
pub struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    /// Starts a proxy on a free port that leads to the local port `target`.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (target, cuts) = (Arc::new(AtomicU16::new(target)), watch::Sender::new(0));
        tokio::spawn(accept(listener, target.clone(), cuts.clone()));
        Self { port, target, cuts }
    }

    /// Returns the port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections. New ones are accepted.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Leads new connections to another local port. Connections that are open stay where they are.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::Relaxed);
    }
}

async fn accept(listener: TcpListener, target: Arc<AtomicU16>, cuts: watch::Sender<u64>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (port, mut cut) = (target.load(Ordering::Relaxed), cuts.subscribe());
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = cut.changed() => {}
            }
        });
    }
}
