//! What kind of address an address is. Pure tables, after the IANA special-purpose registries.
//!
//! An IPv4 address hidden in IPv6 (mapped, compatible, NAT64, 6to4) is judged as that IPv4 address,
//! so that no spelling of `127.0.0.1` passes for something else. Of IPv6 only global unicast
//! (`2000::/3`) counts as public: what a later registry adds is closed until somebody opens it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kinds of address the policy tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// Reachable on the open internet.
    Public,
    /// This machine (`127.0.0.0/8`, `::1`).
    Loopback,
    /// Private networks: RFC 1918, unique local and site-local IPv6, local-use NAT64.
    Private,
    /// Carrier-grade NAT, `100.64.0.0/10`.
    SharedCarrier,
    /// Link-local, without the metadata address.
    LinkLocal,
    /// The instance metadata service of the large clouds.
    Metadata,
    /// Documentation, benchmarking, protocol assignments and all that is not assigned.
    Reserved,
    /// Multicast and broadcast; never callable.
    Multicast,
    /// No address at all (`0.0.0.0/8`, `::`); never callable.
    Unspecified,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::SharedCarrier => "shared by a carrier",
            Self::LinkLocal => "link-local",
            Self::Metadata => "an instance metadata service",
            Self::Reserved => "reserved",
            Self::Multicast => "multicast",
            Self::Unspecified => "unspecified",
        })
    }
}

/// The address as it is judged: IPv4 if an IPv4 address is hidden in it.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded_v4(v6).map_or(address, IpAddr::V4),
    }
}

/// The kind of a canonical or raw address.
pub(crate) fn kind(address: IpAddr) -> AddressKind {
    match canonical(address) {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

/// The IPv4 address that a transition form of IPv6 leads to.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let [.., g, h] = parts;
    let low = || Ipv4Addr::from((u32::from(g) << 16) | u32::from(h));
    match parts {
        // `::` and `::1` are IPv6's own and no IPv4-compatible address.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // compatible, mapped, translated (RFC 2765) and NAT64 (RFC 6052)
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low()),
        // 6to4 (RFC 3056) carries it after the prefix
        [0x2002, b, c, ..] => Some(Ipv4Addr::from((u32::from(b) << 16) | u32::from(c))),
        _ => None,
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        [100, 64..=127, ..] => AddressKind::SharedCarrier,
        // the clouds' well-known ones, and Alibaba's and Oracle's
        [169, 254, 169, 254] | [192, 0, 0, 192] => AddressKind::Metadata,
        [169, 254, ..] => AddressKind::LinkLocal,
        [224..=239, ..] | [255, 255, 255, 255] => AddressKind::Multicast,
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => AddressKind::Reserved,
        _ => AddressKind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => AddressKind::Metadata,
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        // protocol assignments (Teredo and ORCHID among them) and documentation
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Reserved,
        [0x2000..=0x3fff, ..] => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_closed_address_is_closed() {
        let table = [
            ("0.0.0.0", AddressKind::Unspecified),
            ("0.1.2.3", AddressKind::Unspecified),
            ("::", AddressKind::Unspecified),
            ("127.0.0.1", AddressKind::Loopback),
            ("127.255.255.254", AddressKind::Loopback),
            ("::1", AddressKind::Loopback),
            ("::ffff:127.0.0.1", AddressKind::Loopback),
            ("::127.0.0.1", AddressKind::Loopback),
            ("64:ff9b::7f00:1", AddressKind::Loopback),
            ("2002:7f00:1::", AddressKind::Loopback),
            ("2002:7f00:1::5", AddressKind::Loopback),
            ("::ffff:0:127.0.0.1", AddressKind::Loopback),
            ("10.0.0.0", AddressKind::Private),
            ("10.255.255.255", AddressKind::Private),
            ("172.16.0.0", AddressKind::Private),
            ("172.31.255.255", AddressKind::Private),
            ("192.168.0.1", AddressKind::Private),
            ("::ffff:192.168.0.1", AddressKind::Private),
            ("64:ff9b::a00:1", AddressKind::Private),
            ("64:ff9b:1::1", AddressKind::Private),
            ("fc00::1", AddressKind::Private),
            ("fdff::1", AddressKind::Private),
            ("fec0::1", AddressKind::Private),
            ("100.64.0.0", AddressKind::SharedCarrier),
            ("100.100.100.200", AddressKind::SharedCarrier),
            ("100.127.255.255", AddressKind::SharedCarrier),
            ("169.254.169.254", AddressKind::Metadata),
            ("::ffff:169.254.169.254", AddressKind::Metadata),
            ("2002:a9fe:a9fe::", AddressKind::Metadata),
            ("fd00:ec2::254", AddressKind::Metadata),
            ("169.254.0.1", AddressKind::LinkLocal),
            ("fe80::1", AddressKind::LinkLocal),
            ("febf::1", AddressKind::LinkLocal),
            ("224.0.0.1", AddressKind::Multicast),
            ("239.255.255.255", AddressKind::Multicast),
            ("255.255.255.255", AddressKind::Multicast),
            ("ff02::1", AddressKind::Multicast),
            ("192.0.2.1", AddressKind::Reserved),
            ("192.88.99.1", AddressKind::Reserved),
            ("198.18.0.1", AddressKind::Reserved),
            ("198.51.100.1", AddressKind::Reserved),
            ("203.0.113.1", AddressKind::Reserved),
            ("240.0.0.1", AddressKind::Reserved),
            ("2001::1", AddressKind::Reserved),
            ("2001:db8::1", AddressKind::Reserved),
            ("3fff::1", AddressKind::Reserved),
            ("100::1", AddressKind::Reserved),
            ("4000::1", AddressKind::Reserved),
        ];
        for (text, expected) in table {
            assert_eq!(kind(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn neighbours_of_closed_ranges_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert_eq!(kind(text.parse().unwrap()), AddressKind::Public, "{text}");
        }
    }
}
