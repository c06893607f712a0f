//! Which address a request comes from, for limits alone: never for who somebody is.
//!
//! A proxy's word counts only if the proxy is ours (`TRUSTED_PROXIES`): then the rightmost hop of `X-Forwarded-For` that is
//! not one of ours is the client. What a client writes there itself stands further left and is never looked at.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::state::Gateway;

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    base: u128,
    mask: u128,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            None => (text.parse::<IpAddr>().ok()?, None),
            Some((address, bits)) => (address.parse().ok()?, Some(bits.parse::<u32>().ok()?)),
        };
        let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - (offset + bits)).unwrap_or(0);
        Some(Self { base: number(address) & mask, mask })
    }

    fn contains(self, address: IpAddr) -> bool {
        number(address) & self.mask == self.base
    }
}

/// Reads `TRUSTED_PROXIES`.
pub(crate) fn ranges(text: &str) -> Result<Vec<Range>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let range =
        |entry| Range::parse(entry).ok_or_else(|| "must be addresses or ranges such as 10.0.0.0/8,::1".to_owned());
    entries.map(range).collect()
}

/// IPv4 addresses are their IPv4-mapped selves.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Where a client is, as limits see it: an IPv4 address, or the /64 that one IPv6 customer has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// Its address.
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }

    fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Range]) -> Self {
        let ours = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
        let mut client = peer;
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(str::trim);
        for hop in hops {
            match hop.parse() {
                Ok(hop) if ours(client) => client = hop,
                _ => break,
            }
        }
        Self(client.to_canonical())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{}/64", Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        }
    }
}

impl FromRequestParts<Gateway> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self::of(peer, &parts.headers, &gateway.config.trusted_proxies))
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
        Client::of(peer.parse().unwrap(), &headers, &ranges(trusted).unwrap()).to_string()
    }

    #[test]
    fn a_strangers_word_about_itself_counts_for_nothing() {
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], ""), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.7");
    }

    #[test]
    fn the_rightmost_hop_that_is_not_ours_is_the_client() {
        let trusted = "10.0.0.0/8, ::1";
        assert_eq!(client("10.1.2.3", &["6.6.6.6, 203.0.113.7, 10.9.9.9"], trusted), "203.0.113.7");
        assert_eq!(client("::1", &["6.6.6.6", "203.0.113.7"], trusted), "203.0.113.7");
        assert_eq!(client("::ffff:10.1.2.3", &["203.0.113.7"], trusted), "203.0.113.7");
        for broken in ["", "unknown", "203.0.113.7:80", "6.6.6.6,"] {
            assert_eq!(client("10.1.2.3", &[broken], trusted), "10.1.2.3", "{broken}");
        }
    }

    #[test]
    fn one_ipv6_customer_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", &[], ""), "2001:db8:1:2::/64");
        assert_eq!(client("::ffff:203.0.113.7", &[], ""), "203.0.113.7");
    }

    #[test]
    fn refuses_what_is_no_range() {
        for wrong in ["10.0.0.0/33", "fd00::/129", "10.0.0", "a", "10.0.0.0/-1"] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
        assert!(ranges("0.0.0.0/0").unwrap()[0].contains("203.0.113.7".parse().unwrap()));
        assert!(!ranges("0.0.0.0/0").unwrap()[0].contains("2001:db8::1".parse().unwrap()));
    }
}
