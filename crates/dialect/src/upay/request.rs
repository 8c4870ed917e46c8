//! Requests to the inputs of use cases.

use app::use_cases::terminals::Activation;
use app::use_cases::till::{NewRefund, NewSale, OrderBy};
use domain::ids::VendorAppId;
use domain::order::Goods;
use domain::payway::{Payway, SubPayway};
use wire::upay::{Activate, Cancel, GoodsDetail, Pay, Precreate, Query, Refund, Wap};

/// The wallet of a WAP link that names none (upay.md section 7.1).
const WAP_PAYWAY: Payway = Payway::WECHAT;

/// What pay asks for: the sale and the payer's barcode. `payway` 0 means "find it" (10.5).
#[must_use]
pub fn pay(message: Pay) -> (NewSale, String) {
    let sale = NewSale {
        client_sn: message.client_sn,
        total: message.total_amount,
        payway: message.payway.filter(|payway| *payway != 0).map(Payway),
        sub_payway: SubPayway::BARCODE,
        subject: message.subject,
        operator: message.operator,
        description: message.description,
        notify_url: message.notify_url.map(with_scheme),
        reflect: message.reflect,
        extended: message.extended,
        goods: goods(message.goods_details),
        payer_uid: None,
        return_url: None,
    };
    (sale, message.dynamic_id)
}

/// What precreate asks for; a QR code where `sub_payway` says nothing (5.2).
#[must_use]
pub fn precreate(message: Precreate) -> NewSale {
    NewSale {
        client_sn: message.client_sn,
        total: message.total_amount,
        payway: message.payway.map(Payway),
        sub_payway: message.sub_payway.filter(|form| *form != 0).map_or(SubPayway::QR, SubPayway),
        subject: message.subject,
        operator: message.operator,
        description: message.description,
        notify_url: message.notify_url.map(with_scheme),
        reflect: message.reflect,
        extended: message.extended,
        goods: goods(message.goods_details),
        payer_uid: message.payer_uid,
        return_url: None,
    }
}

/// What a WAP link asks for.
#[must_use]
pub fn wap(message: Wap) -> NewSale {
    NewSale {
        client_sn: message.client_sn,
        total: message.total_amount,
        payway: Some(message.payway.map_or(WAP_PAYWAY, Payway)),
        sub_payway: SubPayway::WAP,
        subject: message.subject,
        operator: message.operator,
        description: message.description,
        notify_url: message.notify_url.map(with_scheme),
        reflect: message.reflect,
        extended: message.extended,
        goods: goods(message.goods_details),
        payer_uid: None,
        return_url: Some(message.return_url),
    }
}

/// The order that query names: `sn` decides alone (D13), `refund_request_no` only by itself.
#[must_use]
pub fn query(message: Query) -> OrderBy {
    match (message.sn, message.client_sn, message.refund_request_no) {
        (None, None, Some(number)) => OrderBy::RefundRequestNo(number),
        (sn, client_sn, _) => order_by(sn, client_sn),
    }
}

/// What refund asks for.
#[must_use]
pub fn refund(message: Refund) -> NewRefund {
    NewRefund {
        by: order_by(message.sn, message.client_sn),
        refund_request_no: message.refund_request_no,
        amount: message.refund_amount,
        operator: message.operator,
        client_tsn: message.client_tsn,
    }
}

/// The order that cancel or revoke names.
#[must_use]
pub fn cancel(message: Cancel) -> OrderBy {
    order_by(message.sn, message.client_sn)
}

/// What activate asks for.
#[must_use]
pub fn activation(message: Activate) -> Activation {
    Activation {
        app_id: VendorAppId::new(message.app_id),
        code: message.code,
        device_id: message.device_id,
        client_sn: message.client_sn,
        name: message.name,
    }
}

/// `sn` decides without falling back (D13). One of the two was asked for by the rows; an empty
/// `client_sn` finds nothing.
fn order_by(sn: Option<String>, client_sn: Option<String>) -> OrderBy {
    match sn {
        Some(sn) => OrderBy::Sn(sn),
        None => OrderBy::ClientSn(client_sn.unwrap_or_default()),
    }
}

/// The published samples lack a scheme: `http://` is meant (5.1).
fn with_scheme(url: String) -> String {
    if url.contains("://") { url } else { format!("http://{url}") }
}

fn goods(details: Vec<GoodsDetail>) -> Vec<Goods> {
    let line = |detail: GoodsDetail| Goods {
        name: detail.goods_name,
        quantity: Some(detail.quantity),
        unit_price: Some(detail.price),
        amount: None,
        id: Some(detail.goods_id),
        promotion: detail.promotion_type,
    };
    details.into_iter().map(line).collect()
}
