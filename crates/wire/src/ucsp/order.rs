//! The order of a front-end payment.

use super::rows::{
    ACQ_IIN, AMOUNT, BACK_URL, CHANNEL_CODE, CLIENT_TYPE, COUPON_ID, CURRENCY_CODE, FRONT_URL,
    LANGUAGE, MER_ID, ORDER_DESC, ORDER_ID, PAYMENT_URL, REQ_RESERVED, TN, TXN_AMT, TXN_TIME,
    USER_ID,
};
use crate::class::Class::{Ans, N};
use crate::field::{objects, text};
use crate::form::Form;
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

part! {
    /// One line of an order.
    Goods {
        goods_name "goodsName" M (text("Goods Name", Ans, 1, 128).eg("Parking"));
        quantity "quantity" O (text("Quantity", N, 1, 8).eg("2"));
        unit_price "unitPrice" O (AMOUNT.named("Unit Price").eg("1250"));
        amount "amount" O (AMOUNT);
    }
}

part! {
    /// `trxInfo` of `SUBMIT_PAYMENT_ORDER`.
    SubmitPaymentOrder {
        order_id "orderId" M (ORDER_ID);
        txn_time "txnTime" M (TXN_TIME);
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        txn_amt "txnAmt" M (TXN_AMT);
        currency_code "currencyCode" M (CURRENCY_CODE);
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        order_desc "orderDesc" O (ORDER_DESC);
        goods_list "goodsList" O [Goods] (objects("Goods List", 0, 50));
        front_url "frontUrl" O (FRONT_URL);
        back_url "backUrl" O (BACK_URL);
        pay_timeout "payTimeout" O (text("Payment Deadline", N, 14, 14).form(Form::DateTime)
            .default("txnTime + 15 min")
            .note("After it the order is closed; at most 24 h ahead")
            .eg("20260105104500"));
        client_ip "clientIp" O (text("Client Address", Ans, 2, 45).form(Form::IpAddress)
            .note("Of the user's device").eg("203.0.113.9"));
        client_type "clientType" O (CLIENT_TYPE);
        language "language" O (LANGUAGE.note("Language of the cashier page"));
        req_reserved "reqReserved" O (REQ_RESERVED);
        coupon_id "couponId" O (COUPON_ID
            .note("No coupons are given out yet: refused with 36").eg(""));
    }
}

part! {
    /// `trxInfo` of the answer to `SUBMIT_PAYMENT_ORDER`.
    SubmitPaymentOrderAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        mer_id "merId" R (MER_ID);
        tn "tn" C (TN.on_approval());
        payment_url "paymentUrl" C (PAYMENT_URL.on_approval().note("On 00: the cashier page"));
    }
}

message! {
    /// The service places an order.
    SUBMIT_PAYMENT_ORDER: SubmitPaymentOrder => SubmitPaymentOrderAnswer, D,
    "Submit payment order",
    "The service places an order; the platform places it downstream and answers the transaction \
     number and the cashier page. 00 means placed, not paid.",
    [Leg::industry("/ucsp/industry/v1/submitpaymentorder")]
}
