//! What is told outside a reply: the callback to `notify_url` and the way back of a WAP payment.

use domain::abort::AbortStanding;
use domain::order::{Order, OrderState};
use wire::upay::{Data, encode_callback};

use super::data::data_with_payer;
use super::standing::standing;

/// What of a link comes back with the browser (7.3).
const WAP_ECHOED: [&str; 6] =
    ["terminal_sn", "client_sn", "total_amount", "subject", "operator", "reflect"];

/// The body of the callback that tells of a paid order (upay.md section 8.2). Made once; its
/// repeats are the same bytes.
#[must_use]
pub fn callback_body(order: &Order) -> String {
    let data = Data {
        // Not among the documented members.
        client_tsn: String::new(),
        description: String::new(),
        store_id: String::new(),
        ctime: String::new(),
        ..data_with_payer(order, &standing(order))
    };
    // What was made of strings is UTF-8.
    String::from_utf8(encode_callback(&data)).unwrap_or_default()
}

/// The parameters with which the browser returns to the shop, unsigned (7.3). What they say is
/// advice: query or callback decides.
#[must_use]
pub fn wap_return(order: &Order) -> Vec<(String, String)> {
    let data = data_with_payer(order, &standing(order));
    let mut pairs = vec![pair("is_success", "T")];
    for (name, value) in [
        ("terminal_sn", &data.terminal_sn),
        ("sn", &data.sn),
        ("trade_no", &data.trade_no),
        ("client_sn", &data.client_sn),
        ("total_amount", &data.total_amount),
        ("subject", &data.subject),
        ("operator", &data.operator),
        ("reflect", &data.reflect),
    ] {
        if !value.is_empty() {
            pairs.push(pair(name, value));
        }
    }
    match outcome(order) {
        Some(Ok(())) => pairs.push(pair("status", "SUCCESS")),
        Some(Err(message)) => {
            pairs.push(pair("status", "FAIL"));
            pairs.push(pair("result_code", message));
            pairs.push(pair("result_message", message));
        }
        None => {}
    }
    pairs
}

/// The parameters with which the browser returns to the shop when its link was not followed,
/// unsigned (7.3): what the link said, as it was received, and `sn` where there is an order of this
/// `client_sn`.
#[must_use]
pub fn wap_failure(
    link: &[(String, String)],
    sn: Option<&str>,
    (code, message): (&str, &str),
) -> Vec<(String, String)> {
    let mut pairs =
        vec![pair("is_success", "F"), pair("error_code", code), pair("error_message", message)];
    pairs.extend(sn.map(|sn| pair("sn", sn)));
    let echoed = |(name, value): &&(String, String)| {
        WAP_ECHOED.contains(&name.as_str()) && !value.is_empty()
    };
    pairs.extend(link.iter().filter(echoed).cloned());
    pairs
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Paid, not paid with the word for it, or not known. A payer who comes back from an order that
/// waits has left the wallet's page.
fn outcome(order: &Order) -> Option<Result<(), &'static str>> {
    match &order.state {
        OrderState::Created | OrderState::Paying { .. } => {
            Some(Err("get_brand_wcpay_request:cancel"))
        }
        OrderState::Aborting { abort, .. } => match abort.standing {
            AbortStanding::Asked
            | AbortStanding::Uncertain { .. }
            | AbortStanding::Refused { .. } => None,
        },
        OrderState::Unknown { .. } => None,
        OrderState::Closed { .. } | OrderState::Aborted { .. } | OrderState::Failed { .. } => {
            Some(Err("get_brand_wcpay_request:fail"))
        }
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Some(Ok(())),
    }
}
