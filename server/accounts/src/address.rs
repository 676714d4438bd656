//! A client's address behind proxies. Pure.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is written as `10.0.0.0/8`, or as one address")]
pub struct NetworkError;

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| NetworkError)?;
        if bits > width { Err(NetworkError) } else { Ok(Network { address, bits }) }
    }
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same =
            |a: u128, b: u128, width: u32| (a ^ b).checked_shr(width - self.bits).unwrap_or(0) == 0;
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// Who really asks: the peer, unless it is one of our proxies; then the right-most hop of
/// `X-Forwarded-For` that is not one. What stands left of it, anyone may have written.
///
/// `forwarded` are the header's values in their order. A hop that cannot be read ends the walk: the
/// last proxy is the answer then, so that a client behind it gains nothing by nonsense.
pub fn client_address(peer: IpAddr, forwarded: &[&str], proxies: &[Network]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let hops = forwarded.iter().rev().flat_map(|value| value.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        if !trusted(client) {
            break;
        }
        match parse_hop(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// By what to count an address: itself, or for IPv6 its /64, all of which one client may have.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

const HOPS_MAX: usize = 16;

/// An address, with or without a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse().ok().map(|a: std::net::SocketAddr| a.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        client_address(peer.parse().unwrap(), forwarded, &proxies).to_string()
    }

    #[test]
    fn headers_of_strangers_say_nothing() {
        assert_eq!(client("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["10.0.0.1, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn behind_proxies_the_right_most_stranger_counts() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        // What the client wrote itself stands left.
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.9.9.9"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["10.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client("fd00::1", &["198.51.100.7:5000"]), "198.51.100.7");
    }

    #[test]
    fn nonsense_gains_nothing() {
        for forwarded in ["", "unknown", "1.2.3.4, nonsense", "1.2.3.4,,", "1.2.3.4;"] {
            assert_eq!(client("10.0.0.1", &[forwarded]), "10.0.0.1", "{forwarded}");
        }
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[&"10.0.0.2,".repeat(9999)]), "10.0.0.1");
    }

    #[test]
    fn networks_and_neighbourhoods() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("9.9.9.9".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
        let v6: Network = "::/0".parse().unwrap();
        assert!(v6.contains("2001:db8::1".parse().unwrap()));
        let near = neighbourhood("2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(near.to_string(), "2001:db8:1:2::");
    }
}
