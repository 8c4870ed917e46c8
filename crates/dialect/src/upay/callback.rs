//! What is told outside a reply: the callback to `notify_url` and the way back of a WAP payment.

use domain::abort::AbortStanding;
use domain::order::{Order, OrderState};
use wire::upay::{Data, encode_callback};

use super::data::data_with_payer;
use super::standing::standing;

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

/// The parameters of a link that made no order (7.3).
#[must_use]
pub fn wap_failure(
    (terminal_sn, client_sn): (&str, Option<&str>),
    (code, message): (&str, &str),
) -> Vec<(String, String)> {
    let mut pairs = vec![
        pair("is_success", "F"),
        pair("error_code", code),
        pair("error_message", message),
        pair("terminal_sn", terminal_sn),
    ];
    pairs.extend(client_sn.map(|client_sn| pair("client_sn", client_sn)));
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
