//! Which addresses may be dialled: globally routable ones, and the origins that the configuration allows.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A host and port, as written in the configuration or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    host: Host<String>,
    port: u16,
}

impl Origin {
    /// The origin of `url`; `None` unless it is `http` or `https` with a host.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        Some(Self { host: url.host()?.to_owned(), port: url.port_or_known_default()? })
    }

    /// Reads comma-separated `host:port` pairs.
    ///
    /// # Errors
    /// What each must look like.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(str::parse).collect()
    }
}

impl FromStr for Origin {
    type Err = String;

    /// Reads `host:port`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be host:port pairs such as media.internal:8080".to_owned();
        let (_, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        port.parse::<u16>().map_err(|_| wrong())?;
        // Parsed as a URL's authority, so that both sides of a comparison are normalised alike.
        Url::parse(&format!("http://{text}/")).ok().as_ref().and_then(Self::of).ok_or_else(wrong)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Whether a URL whose host is an IP address may be dialled; `None` if its host is a name.
pub(crate) fn is_global_literal(url: &Url) -> Option<bool> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(is_global(IpAddr::V4(address))),
        Host::Ipv6(address) => Some(is_global(IpAddr::V6(address))),
    }
}

/// A resolver that returns globally routable addresses only.
pub(crate) struct GlobalOnly;

impl Resolve for GlobalOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let global: Vec<SocketAddr> = found.filter(|address| is_global(address.ip())).collect();
            if global.is_empty() {
                let refused = format!("{} has no address on the public network", name.as_str());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, refused).into());
            }
            Ok(Box::new(global.into_iter()) as Addrs)
        })
    }
}

/// Whether the address is globally routable (IANA special-purpose address registries).
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| is_global_v6(v6), is_global_v4),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113);
    !special
}

/// Only 2000::/3 is allocated, and parts of it are reserved for documentation, benchmarks and tunnels.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || (a == 0x3fff && b < 0x1000);
    a & 0xe000 == 0x2000 && !special
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 or 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(v4(g, h)),
        (0x2002, ..) => Some(v4(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_address_literals_in_every_notation() {
        let judged = |url: &str| is_global_literal(&Url::parse(url).unwrap());
        for private in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::1]/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.0.1/",
            "http://169.254.169.254/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:db8::1]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://198.18.0.1/",
            "http://[::]/",
        ] {
            assert_eq!(judged(private), Some(false), "{private}");
        }
        for global in ["https://1.1.1.1/", "https://[2606:4700::1111]/", "http://100.128.0.1/", "http://172.32.0.1/"] {
            assert_eq!(judged(global), Some(true), "{global}");
        }
        assert_eq!(judged("https://example.com/"), None);
    }

    #[test]
    fn compares_origins_as_urls_write_them() {
        let origin: Origin = "Media.Internal:8080".parse().unwrap();
        assert_eq!(Some(origin), Origin::of(&Url::parse("http://media.internal:8080/x.mp4").unwrap()));
        assert_eq!(Origin::of(&Url::parse("https://h/x").unwrap()), Some("h:443".parse().unwrap()));
        assert!("media.internal".parse::<Origin>().is_err());
        assert_eq!(Origin::of(&Url::parse("file:///etc/passwd").unwrap()), None);
    }
}
