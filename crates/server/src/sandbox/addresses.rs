//! Where everybody is: the platform on PORT, then the bank apps, the services, the downstream
//! system. The second of a kind lives under a path of the same listener.

use std::net::SocketAddr;

use sandbox::{BankBrand, ServiceBrand};

use crate::listen::reachable;

/// Path of the second bank and the second service.
const SECOND: &str = "/second";

/// Base addresses without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The platform.
    pub(crate) platform: String,
    /// The bank apps' listener.
    pub(crate) banks: String,
    /// The services' listener.
    pub(crate) services: String,
    /// The downstream payment system.
    pub(crate) downstream: String,
}

impl Addresses {
    /// Of four listeners.
    pub(crate) fn of(bound: [SocketAddr; 4]) -> Self {
        let [platform, banks, services, downstream] =
            bound.map(|address| format!("http://{}", reachable(address)));
        Self { platform, banks, services, downstream }
    }

    /// Of a bank app.
    pub(crate) fn bank(&self, brand: BankBrand) -> String {
        match brand {
            BankBrand::Harbour => self.banks.clone(),
            BankBrand::Jade => format!("{}{SECOND}", self.banks),
        }
    }

    /// Of a service.
    pub(crate) fn service(&self, brand: ServiceBrand) -> String {
        match brand {
            ServiceBrand::ParkEasy => self.services.clone(),
            ServiceBrand::TravelJoy => format!("{}{SECOND}", self.services),
        }
    }
}
