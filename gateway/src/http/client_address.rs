//! The client's address, used for limits only and never to identify a user.
//!
//! `X-Forwarded-For` counts only if the peer is a trusted proxy (`TRUSTED_PROXIES`). The client is then the rightmost hop
//! that is not a trusted proxy. Hops further left may have been forged by the client and are ignored.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use service::server::network;

use crate::fair_queue::Share;
use crate::http::trusted_proxies::TrustedProxies;

/// The unit that limits count: an IPv4 address, or an IPv6 /64, which usually belongs to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(network(address))
    }
}

impl ClientAddress {
    /// Returns the address that a request with these extensions and headers comes from.
    pub(crate) fn of_request(extensions: &Extensions, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Self::of(peer, headers, trusted)
    }

    fn of(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut client = peer;
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(str::trim);
        for hop in hops {
            match hop.parse() {
                Ok(hop) if trusted.contains(client) => client = hop,
                _ => break,
            }
        }
        client.into()
    }
}

impl ClientAddress {
    /// Returns its share of a scarce resource.
    pub(crate) fn share(self) -> Share {
        Share::of_address(self.0)
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

impl<S: AsRef<TrustedProxies> + Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of_request(&parts.extensions, &parts.headers, state.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        ClientAddress::of(peer.parse().unwrap(), &headers, &TrustedProxies::parse(trusted).unwrap()).to_string()
    }

    #[test]
    fn ignores_forwarded_for_from_untrusted_peers() {
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], ""), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.7");
    }

    #[test]
    fn takes_the_rightmost_untrusted_hop() {
        let trusted = "10.0.0.0/8, ::1";
        assert_eq!(client("10.1.2.3", &["6.6.6.6, 203.0.113.7, 10.9.9.9"], trusted), "203.0.113.7");
        assert_eq!(client("::1", &["6.6.6.6", "203.0.113.7"], trusted), "203.0.113.7");
        assert_eq!(client("::ffff:10.1.2.3", &["203.0.113.7"], trusted), "203.0.113.7");
        for broken in ["", "unknown", "203.0.113.7:80", "6.6.6.6,"] {
            assert_eq!(client("10.1.2.3", &[broken], trusted), "10.1.2.3", "{broken}");
        }
    }

    #[test]
    fn counts_an_ipv6_network_as_one_client() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", &[], ""), "2001:db8:1:2::/64");
        assert_eq!(client("::ffff:203.0.113.7", &[], ""), "203.0.113.7");
    }
}
