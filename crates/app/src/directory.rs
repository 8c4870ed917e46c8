//! The directory: all parties in memory, read on every request, replaced as a whole on a change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::ids::{AcquirerIin, AppId, ChannelCode, IndustryCode, MerchantId, StoreSn, VendorSn};
use domain::party::{Acquirer, Application, Channel, Industry, Merchant, Opening};
use domain::terminal::{Store, Vendor};
use serde::{Deserialize, Serialize};

/// All parties as one document, as the store keeps them and as configuration describes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirectoryData {
    /// Applications.
    pub applications: Vec<Application>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Industry services.
    pub industries: Vec<Industry>,
    /// Merchants.
    pub merchants: Vec<Merchant>,
    /// Acquirers.
    pub acquirers: Vec<Acquirer>,
    /// Bilateral openings.
    pub openings: Vec<Opening>,
    /// Vendors of terminals.
    pub vendors: Vec<Vendor>,
    /// Stores in which terminals stand.
    pub stores: Vec<Store>,
}

/// The directory, indexed.
#[derive(Debug, Default)]
pub struct Directory {
    applications: HashMap<AppId, Application>,
    channels: HashMap<ChannelCode, Channel>,
    industries: HashMap<IndustryCode, Industry>,
    merchants: HashMap<MerchantId, Merchant>,
    acquirers: HashMap<AcquirerIin, Acquirer>,
    openings: HashMap<(ChannelCode, IndustryCode), bool>,
    vendors: HashMap<VendorSn, Vendor>,
    stores: HashMap<StoreSn, Store>,
}

impl Directory {
    /// Indexes the data.
    #[must_use]
    pub fn new(data: DirectoryData) -> Self {
        Self {
            applications: data.applications.into_iter().map(|a| (a.id.clone(), a)).collect(),
            channels: data.channels.into_iter().map(|c| (c.code.clone(), c)).collect(),
            industries: data.industries.into_iter().map(|i| (i.code.clone(), i)).collect(),
            merchants: data.merchants.into_iter().map(|m| (m.id.clone(), m)).collect(),
            acquirers: data.acquirers.into_iter().map(|a| (a.iin.clone(), a)).collect(),
            openings: data
                .openings
                .into_iter()
                .map(|o| ((o.channel, o.industry), o.open))
                .collect(),
            vendors: data.vendors.into_iter().map(|v| (v.sn.clone(), v)).collect(),
            stores: data.stores.into_iter().map(|s| (s.sn.clone(), s)).collect(),
        }
    }

    /// An application.
    #[must_use]
    pub fn application(&self, id: &AppId) -> Option<&Application> {
        self.applications.get(id)
    }

    /// All applications.
    pub fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.values()
    }

    /// A channel.
    #[must_use]
    pub fn channel(&self, code: &ChannelCode) -> Option<&Channel> {
        self.channels.get(code)
    }

    /// An industry service.
    #[must_use]
    pub fn industry(&self, code: &IndustryCode) -> Option<&Industry> {
        self.industries.get(code)
    }

    /// All industry services.
    pub fn industries(&self) -> impl Iterator<Item = &Industry> {
        self.industries.values()
    }

    /// A merchant.
    #[must_use]
    pub fn merchant(&self, id: &MerchantId) -> Option<&Merchant> {
        self.merchants.get(id)
    }

    /// An acquirer.
    #[must_use]
    pub fn acquirer(&self, iin: &AcquirerIin) -> Option<&Acquirer> {
        self.acquirers.get(iin)
    }

    /// A vendor of terminals.
    #[must_use]
    pub fn vendor(&self, sn: &VendorSn) -> Option<&Vendor> {
        self.vendors.get(sn)
    }

    /// A store.
    #[must_use]
    pub fn store(&self, sn: &StoreSn) -> Option<&Store> {
        self.stores.get(sn)
    }

    /// Whether a service is opened for a channel, both being active.
    #[must_use]
    pub fn is_open(&self, channel: &ChannelCode, industry: &IndustryCode) -> bool {
        let pair = (channel.clone(), industry.clone());
        self.openings.get(&pair).copied().unwrap_or(false)
            && self.channel(channel).is_some_and(|c| c.active)
            && self.industry(industry).is_some_and(|i| i.active)
    }
}

/// The directory that is in force; readers keep the one they took.
#[derive(Debug, Default)]
pub struct DirectoryCell(RwLock<Arc<Directory>>);

impl DirectoryCell {
    /// Starts with this directory.
    #[must_use]
    pub fn new(directory: Directory) -> Self {
        Self(RwLock::new(Arc::new(directory)))
    }

    /// The directory in force.
    #[must_use]
    pub fn get(&self) -> Arc<Directory> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another one in force.
    pub fn set(&self, directory: Directory) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
    }
}
