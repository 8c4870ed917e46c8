//! `biz_response.data`: the members of an order (upay.md section 6).

use domain::order::{DownstreamResult, Order, OrderState, Sale};
use domain::reversal::{Reversal, ReversalKind};
use jiff::Timestamp;
use wire::upay::{Data, PaymentPart};

use super::standing::{Standing, refund_standing, standing};

/// The members that every reply has; empty for an order that no terminal made.
pub(super) fn data(order: &Order, standing: &Standing) -> Data {
    let Some(sale) = order.sale() else { return Data::default() };
    let terms = &order.terms;
    let latest = order.reversals.iter().rev().find(|reversal| !reversal.is_refused());
    let client_sn = terms.reference.order_id.to_string();
    let mut data = Data {
        sn: terms.number.to_string(),
        client_tsn: latest.map_or_else(|| client_sn.clone(), |latest| client_tsn(order, latest)),
        client_sn,
        trade_no: trade_no(order).to_owned(),
        terminal_sn: sale.terminal.to_string(),
        status: standing.status.code().to_owned(),
        order_status: standing.order_status.code().to_owned(),
        payway: sale.payway.to_string(),
        sub_payway: sale.sub_payway.to_string(),
        total_amount: terms.amount.minor().to_string(),
        net_amount: standing.net_minor.to_string(),
        subject: sale.subject.clone(),
        description: kept(terms.details.description.as_ref()),
        store_id: sale.store.to_string(),
        ctime: milliseconds(terms.created_at),
        operator: operator(sale, latest),
        reflect: kept(sale.reflect.as_ref()),
        ..Data::default()
    };
    finish(&mut data, standing.finished);
    data
}

/// The same with what the wallet said of the payer and of the payment's parts.
pub(super) fn data_with_payer(order: &Order, standing: &Standing) -> Data {
    let mut data = data(order, standing);
    let asked = order.sale().and_then(|sale| sale.payer_uid.as_ref());
    let wallet = result(order).and_then(|result| result.wallet.as_deref());
    data.payer_uid = kept(wallet.and_then(|wallet| wallet.payer_uid.as_ref()).or(asked));
    data.payer_login = kept(wallet.and_then(|wallet| wallet.payer_login.as_ref()));
    let parts = wallet.map(|wallet| wallet.payments.as_slice()).unwrap_or_default();
    let part = |part: &domain::order::PaymentPart| PaymentPart {
        kind: part.kind.clone(),
        amount_total: part.minor.to_string(),
    };
    data.payment_list = parts.iter().map(part).collect();
    data
}

/// The members where one refund is asked for: its own status, time, serial and operator.
pub(super) fn data_of_refund(order: &Order, refund: &Reversal) -> Data {
    let mut data = data(order, &standing(order));
    let (status, finished) = refund_standing(refund);
    status.code().clone_into(&mut data.status);
    data.client_tsn = client_tsn(order, refund);
    if let Some(sale) = order.sale() {
        data.operator = operator(sale, Some(refund));
    }
    finish(&mut data, finished);
    data
}

fn finish(data: &mut Data, finished: Option<(Timestamp, Option<Timestamp>)>) {
    let (here, there) = finished.unzip();
    data.finish_time = here.map(milliseconds).unwrap_or_default();
    data.channel_finish_time = there.flatten().map(milliseconds).unwrap_or_default();
}

/// The caller's serial of a refund, else its two numbers; a cancellation has the order's.
fn client_tsn(order: &Order, reversal: &Reversal) -> String {
    let client_sn = &order.terms.reference.order_id;
    match (reversal.terms.kind, &reversal.terms.client_tsn) {
        (ReversalKind::Refund, Some(serial)) => serial.clone(),
        (ReversalKind::Refund, None) => {
            format!("{client_sn}-{}", reversal.terms.reference.order_id)
        }
        (ReversalKind::Cancellation, _) => client_sn.to_string(),
    }
}

/// Of the last operation that names one.
fn operator(sale: &Sale, latest: Option<&Reversal>) -> String {
    let latest = latest.and_then(|reversal| reversal.terms.operator.as_ref());
    kept(latest.or(sale.operator.as_ref()))
}

/// The wallet's number of the payment; empty while there is none.
fn trade_no(order: &Order) -> &str {
    result(order).and_then(|result| result.reference.as_deref()).unwrap_or_default()
}

/// What the wallet said of the payment, once it is known for good.
fn result(order: &Order) -> Option<&DownstreamResult> {
    match &order.state {
        OrderState::Failed { result, .. } => Some(result),
        OrderState::Paid { settlement }
        | OrderState::PartRefunded { settlement }
        | OrderState::Refunded { settlement }
        | OrderState::Cancelled { settlement } => Some(&settlement.result),
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. } => None,
    }
}

fn milliseconds(at: Timestamp) -> String {
    at.as_millisecond().to_string()
}

fn kept(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}
