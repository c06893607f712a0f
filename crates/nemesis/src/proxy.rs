//! A TCP proxy whose target can be changed: the one address of a Redis whose primary changes. Connections stay with the target
//! that they were opened to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// A proxy on the loopback interface.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    target: Arc<AtomicU16>,
}

impl Proxy {
    /// Listens on `port` and passes connections on to `target`.
    ///
    /// # Errors
    /// The port is taken.
    pub(crate) async fn start(port: u16, target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let proxy = Self { target: Arc::new(AtomicU16::new(target)) };
        tokio::spawn(proxy.clone().accept(listener));
        Ok(proxy)
    }

    /// Passes new connections on to `target`.
    pub(crate) fn connect_to(&self, target: u16) {
        self.target.store(target, Ordering::Relaxed);
    }

    /// Where new connections go.
    pub(crate) fn target(&self) -> u16 {
        self.target.load(Ordering::Relaxed)
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((mut client, _)) = listener.accept().await {
            let target = self.target();
            tokio::spawn(async move {
                // A server that is down closes the connection.
                if let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await {
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    }
}
