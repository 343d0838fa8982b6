//! Which addresses may be dialled. Pure: an address in, a verdict out.
//!
//! An address is judged by what it leads to: an IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP)
//! is judged as both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::egress::Reach;

/// Whether a place of this reach may have this address.
pub(super) fn permitted(address: IpAddr, reach: Reach) -> bool {
    match address {
        IpAddr::V4(v4) => v4_permitted(v4, reach),
        IpAddr::V6(v6) => match carried(v6) {
            Some(v4) => v4_permitted(v4, reach),
            None => v6_permitted(v6, reach),
        },
    }
}

/// The IPv4 address that an IPv6 address carries.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        // Mapped, RFC 4291.
        [0, 0, 0, 0, 0, 0xffff] => Some(join(g, h)),
        // Compatible, RFC 4291; `::` and `::1` are what they are.
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => Some(join(g, h)),
        // NAT64, RFC 6052, and its local prefix, RFC 8215.
        [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => Some(join(g, h)),
        // Teredo, RFC 4380: the client's address, inverted.
        [0x2001, 0, ..] => Some(join(!g, !h)),
        // 6to4, RFC 3056.
        [0x2002, high, low, ..] => Some(join(high, low)),
        // ISATAP, RFC 5214.
        [_, _, _, _, 0 | 0x200, 0x5efe] => Some(join(g, h)),
        _ => None,
    }
}

fn v4_permitted(address: Ipv4Addr, reach: Reach) -> bool {
    let [a, b, c, _] = address.octets();
    let is_never = address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_link_local()
        || a == 0
        || a >= 240
        // Cloud metadata outside of the link-local range: Alibaba, Azure.
        || address == Ipv4Addr::new(100, 100, 100, 200)
        || address == Ipv4Addr::new(168, 63, 129, 16);
    let is_inside = address.is_loopback()
        || address.is_private()
        || address.is_documentation()
        // Carrier-grade NAT, RFC 6598.
        || (a == 100 && b & 0xc0 == 64)
        // Benchmarking, RFC 2544.
        || (a == 198 && b & 0xfe == 18)
        // Protocol assignments, RFC 6890.
        || (a == 192 && b == 0 && c == 0);
    !is_never && (reach == Reach::Named || !is_inside)
}

fn v6_permitted(address: Ipv6Addr, reach: Reach) -> bool {
    let first = address.segments()[0];
    let is_never = address.is_unspecified()
        || address.is_multicast()
        // Link-local, RFC 4291, and what was site-local.
        || first & 0xffc0 == 0xfe80
        || first & 0xffc0 == 0xfec0
        // Amazon's metadata.
        || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        // Discard prefix, RFC 6666.
        || address.segments().starts_with(&[0x100, 0, 0, 0]);
    let is_inside = address.is_loopback()
        // Unique local, RFC 4193.
        || first & 0xfe00 == 0xfc00
        // Documentation, RFC 3849 and RFC 9637.
        || address.segments().starts_with(&[0x2001, 0xdb8])
        || first == 0x3fff;
    !is_never && (reach == Reach::Named || !is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_component_names_must_be_public() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001:0:1:2:3:4:80ff:fffe",
            "fd00:ec2::254",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "fe80::5efe:a00:1",
            "2a00::5efe:7f00:1",
            "100::1",
        ] {
            assert!(!permitted(address.parse().unwrap(), Reach::Public), "{address}");
        }
        for address in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
            assert!(permitted(address.parse().unwrap(), Reach::Public), "{address}");
        }
    }

    #[test]
    fn what_the_admin_names_may_be_inside_but_never_metadata_or_link_local() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "::1",
            "fd12::1",
            "100.64.0.1",
            "::ffff:10.0.0.1",
            "8.8.8.8",
        ] {
            assert!(permitted(address.parse().unwrap(), Reach::Named), "{address}");
        }
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!permitted(address.parse().unwrap(), Reach::Named), "{address}");
        }
    }
}
