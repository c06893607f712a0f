//! The proxies whose `X-Forwarded-For` is trusted (`TRUSTED_PROXIES`).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

/// A list of address ranges. IPv4 is stored as IPv4-mapped IPv6, so that both notations of an address match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Ipv6Net>);

impl TrustedProxies {
    /// Parses comma-separated addresses and CIDR ranges. An empty text means none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let range = |entry| range(entry).ok_or_else(|| "must be addresses or ranges such as 10.0.0.0/8,::1".to_owned());
        entries.map(range).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `address` is one of the proxies.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        self.0.iter().any(|range| range.contains(&address))
    }
}

fn range(text: &str) -> Option<Ipv6Net> {
    let range = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    match range {
        IpNet::V4(range) => Ipv6Net::new(range.addr().to_ipv6_mapped(), 96 + range.prefix_len()).ok(),
        IpNet::V6(range) => Some(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(ranges: &str, address: &str) -> bool {
        TrustedProxies::parse(ranges).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn matches_addresses_within_its_ranges_only() {
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("fd00::/8, ::1", "::1") && !contains("fd00::/8, ::1", "::2"));
        assert!(contains("10.1.2.3/8", "10.9.9.9") && contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(contains("0.0.0.0/0", "203.0.113.7") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "203.0.113.7") && !contains("", "203.0.113.7"));
    }

    #[test]
    fn rejects_malformed_ranges() {
        for wrong in ["10.0.0.0/33", "fd00::/129", "10.0.0", "a", "10.0.0.0/-1"] {
            assert!(TrustedProxies::parse(wrong).is_err(), "{wrong}");
        }
    }
}
