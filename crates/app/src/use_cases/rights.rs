//! Who may act for which merchant, and what a merchant may take.

use std::sync::Arc;

use domain::ids::{AcquirerIin, ChannelCode, IndustryCode, MerchantId};
use domain::party::Merchant;
use money::Currency;

use crate::caller::Caller;
use crate::directory::Directory;
use crate::platform::Platform;
use crate::refusal::Refusal;

/// A merchant that the caller may act for, with the directory that says so.
pub(super) struct Acting {
    pub(super) directory: Arc<Directory>,
    pub(super) merchant: Merchant,
}

/// The merchant, if it is one of the caller's and goes with the acquirer. "May not know that it
/// exists" and "does not exist" are answered alike (ucsp.md section 8.4).
pub(super) fn acting_for(
    platform: &Platform,
    caller: &Caller,
    merchant: &MerchantId,
    acquirer: &AcquirerIin,
) -> Result<Acting, Refusal> {
    let industry = caller.industry()?;
    let directory = platform.directory.get();
    let found =
        directory.merchant(merchant).filter(|m| m.active && m.industry.as_ref() == Some(industry));
    let Some(found) = found.cloned() else {
        return Err(Refusal::no_right("merId", "no merchant of this application"));
    };
    if &found.acquirer != acquirer {
        return Err(Refusal::no_right("acqIIN", "not the acquirer of this merchant"));
    }
    Ok(Acting { directory, merchant: found })
}

/// The currency is one of the merchant's.
pub(super) fn takes(merchant: &Merchant, currency: Currency) -> Result<(), Refusal> {
    if merchant.currencies.contains(&currency) {
        Ok(())
    } else {
        Err(Refusal::limit("currencyCode", "not allowed for this merchant"))
    }
}

/// The service is opened for the channel.
pub(super) fn opened(
    directory: &Directory,
    channel: &ChannelCode,
    industry: &IndustryCode,
    field: &'static str,
) -> Result<(), Refusal> {
    if directory.is_open(channel, industry) {
        Ok(())
    } else {
        Err(Refusal::no_right(field, "unknown, or not opened between this channel and service"))
    }
}
