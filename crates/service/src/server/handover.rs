//! Stops listening on a shared port without losing a connection.
//!
//! The kernel chooses the listener of a connection when its first packet (SYN) arrives. Closing the listener resets the
//! connections whose handshake has begun and not ended. Therefore new SYNs are dropped first. The client repeats such a
//! packet after a second, when the port's other listener gets it.

use std::time::Duration;

use tokio::net::TcpListener;

/// Time for handshakes that have begun to end.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_millis(300);

/// Whether other processes may listen on the same port.
#[cfg(target_os = "linux")]
pub(super) fn is_shared(listener: &TcpListener) -> bool {
    socket2::SockRef::from(listener).reuse_port().unwrap_or_default()
}

/// Drops the first packet of each new connection from now on. Returns `false` if the kernel does not allow it.
#[cfg(target_os = "linux")]
pub(super) fn leave_new_connections(listener: &TcpListener) -> bool {
    use socket2::SockFilter;
    // The program of BPF instructions reads the packet from its TCP header, where byte 13 holds the flags:
    // SYN (0x02) without ACK (0x10) is dropped. Accepted connections inherit the filter and never receive one.
    let program = [
        SockFilter::new(0x30, 0, 0, 13),       // load byte 13
        SockFilter::new(0x54, 0, 0, 0x12),     // and with SYN | ACK
        SockFilter::new(0x15, 0, 1, 0x02),     // if it is not SYN, skip an instruction
        SockFilter::new(0x06, 0, 0, 0),        // drop
        SockFilter::new(0x06, 0, 0, u32::MAX), // keep the whole packet
    ];
    let attached = socket2::SockRef::from(listener).attach_filter(&program);
    attached.inspect_err(|error| tracing::debug!(%error, "could not attach a filter to the listener")).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_shared(_: &TcpListener) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn leave_new_connections(_: &TcpListener) -> bool {
    false
}
