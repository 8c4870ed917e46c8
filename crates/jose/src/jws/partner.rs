//! What the checks need to know about an application, and where they look it up.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::cert::Certificate;
use crate::keyring::Slot;
use crate::limits::ADDRESS_RANGES_MAX;

/// One application's keys and rights to call, as the checks need them. Build it anew at
/// each change and share it by `Arc`; lookups then need no lock for long.
#[derive(Debug, Clone)]
pub struct PartnerKeys {
    /// The application id, 8 characters.
    pub app_id: String,
    /// Whether the application may call at all.
    pub active: bool,
    /// From which addresses it may call.
    pub addresses: AddressRule,
    /// Certificates it signs with.
    pub signing: Slot<Certificate>,
    /// Certificates we encrypt to.
    pub encryption: Slot<Certificate>,
}

impl PartnerKeys {
    /// An active application without an address rule and with one certificate each.
    #[must_use]
    pub fn new(
        app_id: impl Into<String>,
        signing: Arc<Certificate>,
        encryption: Arc<Certificate>,
    ) -> Self {
        Self {
            app_id: app_id.into(),
            active: true,
            addresses: AddressRule::Any,
            signing: Slot::new(signing),
            encryption: Slot::new(encryption),
        }
    }

    /// Whether an id names any certificate of the application, whatever its purpose and
    /// state: then a refusal is signed (`ucsp.md` 8.8).
    #[must_use]
    pub fn owns(&self, kid: &str) -> bool {
        self.signing.find(kid).is_some() || self.encryption.find(kid).is_some()
    }
}

/// Where the checks find an application. In memory: it is asked for every request, before
/// anything is known about the sender.
pub trait Partners {
    /// The application with this id, active or not.
    fn find(&self, app_id: &str) -> Option<Arc<PartnerKeys>>;
}

impl<F: Fn(&str) -> Option<Arc<PartnerKeys>>> Partners for F {
    fn find(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        self(app_id)
    }
}

impl<S: BuildHasher> Partners for HashMap<String, Arc<PartnerKeys>, S> {
    fn find(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        self.get(app_id).cloned()
    }
}

/// From which addresses an application may call (security 1, check 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressRule {
    /// From anywhere.
    Any,
    /// From one of these ranges only, at most [`ADDRESS_RANGES_MAX`].
    Only(Vec<Network>),
}

impl AddressRule {
    /// Whether a peer may call. A peer whose address is not known passes only [`Self::Any`].
    #[must_use]
    pub fn admits(&self, peer: Option<IpAddr>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(ranges) => peer.is_some_and(|address| {
                ranges.iter().take(ADDRESS_RANGES_MAX).any(|range| range.contains(address))
            }),
        }
    }
}

/// A range of addresses in CIDR form, IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: u128,
    mask: u128,
    v4: bool,
}

/// A text is not an address or a range in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address or range such as 192.0.2.0/24 or 2001:db8::/32")]
pub struct NetworkError;

impl Network {
    /// Whether an address lies in the range. IPv4 addresses mapped into IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (number, v4) = number_of(address);
        v4 == self.v4 && number & self.mask == self.base
    }
}

/// The address as a number in 128 bits, IPv4 in the high 32 bits so that prefixes agree.
fn number_of(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, true),
        IpAddr::V6(v6) => (v6.to_bits(), false),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let (number, v4) = number_of(address);
        let bits_max = if v4 { 32 } else { 128 };
        let bits = match prefix {
            None => bits_max,
            Some(digits) => digits.parse::<u32>().map_err(|_| NetworkError)?,
        };
        if bits > bits_max {
            return Err(NetworkError);
        }
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
        Ok(Self { base: number & mask, mask, v4 })
    }
}
