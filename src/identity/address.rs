//! Reads the caller's address from the form that Envoy gives: `10.0.0.7:52144` or `[2001:db8::1]:443`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Whether an address from [`read`] is an IPv6 network.
pub(super) fn is_ipv6(address: &str) -> bool {
    address.contains(':')
}

/// The peer's address without its port; of an IPv6 address the /64 network, since one host can use all of its addresses.
///
/// Port 0 means that Envoy took the address from a forwarding header, which callers can set. `None` then, unless
/// `forwarded` accepts it.
pub(super) fn read(address: &[u8], forwarded: bool) -> Option<String> {
    if let Some(ip) = ipv4(address) {
        return std::str::from_utf8(ip).ok().map(str::to_owned);
    }
    let text = std::str::from_utf8(address).ok()?;
    let address: SocketAddr = text.parse().ok()?;
    if address.port() == 0 && !forwarded {
        return None;
    }
    if address.is_ipv4() {
        // The parser accepts one spelling of an IPv4 address only, so the text need not be normalized.
        return Some(text.get(..text.bytes().position(|byte| byte == b':')?)?.to_owned());
    }
    Some(match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

/// The address of `10.0.0.7:52144`: nearly all are of this form, and the parser takes many times as long. `None` leaves it to that.
fn ipv4(address: &[u8]) -> Option<&[u8]> {
    let (mut number, mut digits) = (0_u32, 0_u32);
    let (mut parts, mut ip) = (0_u32, 0..0);
    for (at, byte) in address.iter().enumerate() {
        if let b'0'..=b'9' = byte {
            number = number.wrapping_mul(10).wrapping_add(byte.wrapping_sub(b'0').into());
            digits = digits.wrapping_add(1);
            let has_leading_zero = digits > 1 && number < 10;
            if has_leading_zero || number > 65_535 {
                return None;
            }
            continue;
        }
        let separator = if parts < 3 { b'.' } else { b':' };
        if *byte != separator || parts > 3 || digits == 0 || number > 255 {
            return None;
        }
        (parts, ip.end) = (parts.wrapping_add(1), at);
        (number, digits) = (0, 0);
    }
    address.get(ip).filter(|_| parts == 4 && number > 0)
}

/// The address, without its port, of the peer of a connection, or what a forwarding header calls so: it tells callers apart who
/// have no identity, and is none itself.
#[must_use]
pub fn peer_address(address: &[u8]) -> Option<String> {
    read(address, true)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ipv4, is_ipv6, peer_address, read};

    #[test]
    fn an_ipv4_address_is_read_without_the_parser_in_its_one_spelling() {
        for (address, expected) in [
            ("10.0.0.7:52144", Some("10.0.0.7")),
            ("0.0.0.0:1", Some("0.0.0.0")),
            ("255.255.255.255:65535", Some("255.255.255.255")),
            ("10.0.0.256:1", None),
            ("10.0.0.7:65536", None),
            ("10.0.0.7:0", None),
            ("10.0.0.7:01", None),
            ("10.0.0.7:", None),
            ("10.0.0.7:1:1", None),
            ("10.0.0.7", None),
            ("10.0.0:1", None),
            ("10.0.0.7.1:1", None),
            ("10.0.0.07:1", None),
            ("10.0..7:1", None),
            ("10.0.0.a:1", None),
            ("10.0.0.7:1a", None),
            (":1", None),
            ("[::1]:1", None),
        ] {
            assert_eq!(ipv4(address.as_bytes()), expected.map(str::as_bytes), "{address}");
        }
    }

    #[test]
    fn an_address_that_a_caller_wrote_is_read_only_where_it_may_be() {
        for (address, forwarded, own) in [
            ("10.0.0.7:52144", Some("10.0.0.7"), Some("10.0.0.7")),
            ("10.0.0.7:0", Some("10.0.0.7"), None),
            ("[2001:db8:1:2:3::]:443", Some("2001:db8:1:2::/64"), Some("2001:db8:1:2::/64")),
            ("[2001:db8::1]:0", Some("2001:db8::/64"), None),
            ("[::ffff:10.0.0.7]:1", Some("10.0.0.7"), Some("10.0.0.7")),
            ("10.0.0.256:1", None, None),
            ("10.0.0.7", None, None),
            ("", None, None),
        ] {
            let found = [true, false].map(|forwarded| read(address.as_bytes(), forwarded));
            assert_eq!(found, [forwarded, own].map(|text| text.map(str::to_owned)), "{address}");
            assert_eq!(peer_address(address.as_bytes()).as_deref(), forwarded, "{address}");
        }
        assert_eq!(["10.0.0.7", "2001:db8::/64"].map(is_ipv6), [false, true]);
    }
}
