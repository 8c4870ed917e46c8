//! Which addresses may be called. The default is the open internet over TLS and nothing else.

use std::net::IpAddr;
use std::str::FromStr;

use crate::address::{AddressKind, canonical, kind};
use crate::error::Refusal;

/// A range of addresses, such as `10.1.0.0/16` or `fd12::/48`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The part before the slash is no address.
    #[error("{0:?} is no IP address")]
    Address(String),
    /// The part after the slash is no prefix length of that kind of address.
    #[error("{0:?} is no prefix length for this address")]
    Prefix(String),
    /// An address of IPv4 is hidden in it. Addresses are judged as what is hidden in them, so that
    /// such a range would hold none.
    #[error("{0:?} hides an IPv4 address: write the range as IPv4")]
    Hidden(String),
    /// Bits behind the prefix are set, so that the range is not the one that was meant.
    #[error("{0:?} has bits set behind its prefix")]
    HostBits(String),
}

impl Cidr {
    /// Whether the address lies in the range. An IPv4 address hidden in IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, canonical(address)) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift).unwrap_or(0)
                    == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                network.to_bits().checked_shr(shift).unwrap_or(0)
                    == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    /// Reads `address/prefix`; an address alone is a range of one.
    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr =
            address.parse().map_err(|_| CidrError::Address(address.to_owned()))?;
        if canonical(network) != network {
            return Err(CidrError::Hidden(text.to_owned()));
        }
        let (bits, value) = match network {
            IpAddr::V4(v4) => (32u8, u128::from(v4.to_bits()) << 96),
            IpAddr::V6(v6) => (128u8, v6.to_bits()),
        };
        let prefix = match prefix {
            None => bits,
            Some(text) => text
                .parse()
                .ok()
                .filter(|prefix| *prefix <= bits)
                .ok_or_else(|| CidrError::Prefix(text.to_owned()))?,
        };
        if value.checked_shl(u32::from(prefix)).unwrap_or(0) != 0 {
            return Err(CidrError::HostBits(text.to_owned()));
        }
        Ok(Self { network, prefix })
    }
}

/// Which addresses may be called, and how. The default is public addresses over https only.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Ranges that may be called although they are not public. Multicast and unspecified
    /// addresses stay closed whatever is listed.
    pub allow_private: Vec<Cidr>,
    /// Whether this machine itself may be called: for the sandbox and for tests.
    pub allow_loopback: bool,
    /// Whether `http` URLs may be called.
    pub allow_plain_http: bool,
}

impl Policy {
    /// The sandbox's policy: this machine, plain HTTP, and the open internet.
    #[must_use]
    pub fn sandbox() -> Self {
        Self { allow_private: Vec::new(), allow_loopback: true, allow_plain_http: true }
    }

    /// Judges one address.
    pub fn judge(&self, address: IpAddr) -> Result<(), Refusal> {
        let kind = kind(address);
        let allowed = match kind {
            AddressKind::Public => true,
            AddressKind::Multicast | AddressKind::Unspecified => false,
            AddressKind::Loopback => self.allow_loopback || self.lists(address),
            AddressKind::Private
            | AddressKind::SharedCarrier
            | AddressKind::LinkLocal
            | AddressKind::Metadata
            | AddressKind::Reserved => self.lists(address),
        };
        if allowed { Ok(()) } else { Err(Refusal::Address(kind)) }
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.allow_private.iter().any(|range| range.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_is_the_open_internet_only() {
        let policy = Policy::default();
        assert_eq!(policy.judge(address("93.184.215.14")), Ok(()));
        for (text, kind) in [
            ("127.0.0.1", AddressKind::Loopback),
            ("10.0.0.1", AddressKind::Private),
            ("169.254.169.254", AddressKind::Metadata),
            ("::ffff:10.0.0.1", AddressKind::Private),
            ("0.0.0.0", AddressKind::Unspecified),
        ] {
            assert_eq!(policy.judge(address(text)), Err(Refusal::Address(kind)), "{text}");
        }
    }

    #[test]
    fn a_listed_range_opens_itself_and_nothing_beside_it() {
        let policy = Policy {
            allow_private: vec!["10.1.0.0/16".parse().unwrap(), "fd12::/48".parse().unwrap()],
            ..Policy::default()
        };
        assert!(policy.judge(address("10.1.255.255")).is_ok());
        assert!(policy.judge(address("::ffff:10.1.0.9")).is_ok());
        assert!(policy.judge(address("fd12::9")).is_ok());
        assert!(policy.judge(address("10.2.0.0")).is_err());
        assert!(policy.judge(address("fd12:0:1::")).is_err());
        assert!(policy.judge(address("127.0.0.1")).is_err());
    }

    #[test]
    fn nothing_opens_multicast_and_unspecified() {
        let policy = Policy {
            allow_private: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
            allow_loopback: true,
            allow_plain_http: true,
        };
        assert!(policy.judge(address("192.168.1.1")).is_ok());
        for text in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"] {
            assert!(policy.judge(address(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!("10.0.0.1".parse::<Cidr>(), "10.0.0.1/32".parse::<Cidr>());
        assert!("::1/128".parse::<Cidr>().unwrap().contains(address("::1")));
        assert_eq!("10.0.0.1/8".parse::<Cidr>(), Err(CidrError::HostBits("10.0.0.1/8".into())));
        assert_eq!("10.0.0.0/33".parse::<Cidr>(), Err(CidrError::Prefix("33".into())));
        assert_eq!("10.0/8".parse::<Cidr>(), Err(CidrError::Address("10.0".into())));
        for hidden in ["::ffff:10.1.0.0/112", "64:ff9b::/96", "2002::/16"] {
            assert_eq!(hidden.parse::<Cidr>(), Err(CidrError::Hidden(hidden.into())));
        }
    }
}
