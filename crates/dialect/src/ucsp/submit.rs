//! SUBMIT_PAYMENT_ORDER to the command, and the order to the answer.

use app::Refusal;
use app::use_cases::SubmitOrder;
use domain::ids::{AcquirerIin, ChannelCode, MerchantId, Reference, UserId};
use domain::order::{Details, Goods, Order};
use jiff::tz::TimeZone;
use money::{Amount, Currency};
use wire::ucsp::{SubmitPaymentOrder, SubmitPaymentOrderAnswer};

use super::same::canonical;
use crate::time::parse_stamp;

/// The command that the message asks for; `zone` is the acquirer's, for `payTimeout`.
///
/// # Errors
/// [`Refusal::Invalid`] for a currency that ISO 4217 does not know or an amount out of bounds,
/// which the declared shape alone cannot tell.
pub fn submit_order(message: &SubmitPaymentOrder, zone: &TimeZone) -> Result<SubmitOrder, Refusal> {
    let pay_timeout = message.pay_timeout.as_deref().map(|text| {
        parse_stamp(text, zone).ok_or_else(|| invalid("payTimeout", "is no time of the calendar"))
    });
    Ok(SubmitOrder {
        reference: reference(&message.order_id, &message.txn_time),
        merchant: MerchantId::new(&message.mer_id),
        acquirer: AcquirerIin::new(&message.acq_iin),
        amount: amount(&message.txn_amt, &message.currency_code)?,
        channel: ChannelCode::new(&message.channel_code),
        user: UserId::new(&message.user_id),
        details: details(message),
        pay_timeout: pay_timeout.transpose()?,
        canonical: canonical(message),
    })
}

fn details(message: &SubmitPaymentOrder) -> Details {
    let goods = message.goods_list.iter().flatten().map(|line| Goods {
        name: line.goods_name.clone(),
        quantity: line.quantity.clone(),
        unit_price: line.unit_price.clone(),
        amount: line.amount.clone(),
        ..domain::order::Goods::default()
    });
    Details {
        description: message.order_desc.clone(),
        goods: goods.collect(),
        front_url: message.front_url.clone(),
        back_url: message.back_url.clone(),
        language: message.language.clone(),
        reserved: message.req_reserved.clone(),
        coupon: message.coupon_id.clone(),
    }
}

/// The answer with code 00: placed, not paid.
#[must_use]
pub fn submit_answer(order: &Order, base_url: &str) -> SubmitPaymentOrderAnswer {
    let terms = &order.terms;
    SubmitPaymentOrderAnswer {
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        mer_id: terms.merchant.to_string(),
        tn: Some(terms.number.to_string()),
        payment_url: Some(payment_url(order, base_url)),
    }
}

/// `paymentUrl`: the cashier page of the order below the platform's public address.
#[must_use]
pub fn payment_url(order: &Order, base_url: &str) -> String {
    format!("{}/cashier/{}", base_url.trim_end_matches('/'), order.terms.number)
}

/// The key of a transaction.
pub(super) fn reference(order_id: &str, txn_time: &str) -> Reference {
    Reference { order_id: order_id.into(), txn_time: txn_time.into() }
}

/// `txnAmt` and `currencyCode` as an amount.
pub(super) fn amount(txn_amt: &str, currency_code: &str) -> Result<Amount, Refusal> {
    let currency = Currency::from_numeric(currency_code)
        .map_err(|_| invalid("currencyCode", "is no currency of ISO 4217"))?;
    Amount::parse_minor(txn_amt, currency)
        .map_err(|_| invalid("txnAmt", "is no amount of 1 to 12 digits"))
}

pub(super) fn invalid(field: &'static str, rule: &str) -> Refusal {
    Refusal::Invalid { field, rule: rule.to_owned() }
}
