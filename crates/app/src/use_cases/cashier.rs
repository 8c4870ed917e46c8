//! The cashier: an order as the payer sees it.

use domain::ids::OrderNumber;
use domain::order::{Order, Origin};

use super::pay_order::channel_failed;
use crate::platform::Platform;
use crate::ports::channel::{CardEntry, CardListQuestion};
use crate::refusal::Refusal;

/// An order as the payer sees it.
#[derive(Debug, Clone)]
pub struct CashierView {
    /// The order.
    pub order: Order,
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub industry_name: String,
    /// The channel's name.
    pub channel_name: String,
    /// Where the browser returns to: `frontUrl`, else the registered address.
    pub return_url: Option<String>,
    /// Whether the time to pay is over, also before the timer noticed.
    pub expired: bool,
}

/// The order of a cashier page.
///
/// # Errors
/// [`Refusal::UnknownTransaction`] when there is none.
pub async fn cashier_order(
    platform: &Platform,
    number: &OrderNumber,
) -> Result<CashierView, Refusal> {
    let found = platform.store.order_by_number(number).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    let order = found.ok_or(Refusal::UnknownTransaction)?.value;
    let directory = platform.directory.get();
    let Origin::Industry { industry, channel, .. } = &order.terms.origin else {
        return Err(Refusal::UnknownTransaction);
    };
    let merchant = directory.merchant(&order.terms.merchant);
    let industry = directory.industry(industry);
    let channel = directory.channel(channel);
    let front_url = order.terms.details.front_url.clone();
    Ok(CashierView {
        merchant_name: merchant.map(|m| m.name.clone()).unwrap_or_default(),
        industry_name: industry.map(|i| i.name.clone()).unwrap_or_default(),
        channel_name: channel.map(|c| c.name.clone()).unwrap_or_default(),
        return_url: front_url.or_else(|| industry.and_then(|i| i.front_url.clone())),
        expired: platform.clock.now() >= order.terms.expires_at,
        order,
    })
}

/// The cards that the payer may choose from.
///
/// # Errors
/// [`Refusal::Unavailable`] when the channel does not answer.
pub async fn cashier_cards(platform: &Platform, order: &Order) -> Result<Vec<CardEntry>, Refusal> {
    let Origin::Industry { industry, channel, user, .. } = &order.terms.origin else {
        return Err(Refusal::UnknownTransaction);
    };
    let question = CardListQuestion {
        channel: channel.clone(),
        user: user.clone(),
        industry: industry.to_string(),
        card_type: None,
        reference: Some(order.terms.reference.clone()),
    };
    platform.channels.card_list(&question).await.map_err(channel_failed)
}
