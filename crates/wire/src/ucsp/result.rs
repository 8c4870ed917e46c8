//! The result of a payment or reversal: the notice to both sides, and the inquiry.

use super::envelope::NoMembers;
use super::rows::{
    ACQ_IIN, AMOUNT, CARD_TYPE, CHANNEL_CODE, CONTRACT_ID, COUPON_ID, CURRENCY_CODE, EXCHANGE_DATE,
    EXCHANGE_RATE, ISSUER_NAME, MASKED_PAN, MER_ID, NOTIFY_COUNT, NOTIFY_ID, ORDER_ID,
    ORIG_ORDER_ID, ORIG_QRY_ID, ORIG_RESP_CODE, ORIG_RESP_MSG, ORIG_TXN_TIME, QUERY_ID,
    REQ_RESERVED, SETTLE_AMT, SETTLE_CURRENCY_CODE, SETTLE_DATE, TN, TRACE_NO, TRACE_TIME, TXN_AMT,
    TXN_TIME, TXN_TYPE, USER_ID,
};
use crate::class::Class::{An, Ans};
use crate::field::{Condition, object, text};
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

/// Final states that a notice tells.
const NOTICE_STATUSES: &[(&str, &str)] = &[("SUCCESS", "done"), ("FAIL", "not done, for good")];
/// States of a payment that an inquiry tells.
const PAYMENT_STATUSES: &[(&str, &str)] = &[
    ("CREATED", "placed, not yet paid"),
    ("PAYING", "under way, or unknown while origRespCode is 05"),
    ("SUCCESS", "paid"),
    ("FAIL", "refused"),
    ("CLOSED", "not paid in time"),
    ("CANCELLED", "paid and cancelled"),
    ("PART_REFUNDED", "paid, refunded in part"),
    ("REFUNDED", "paid and refunded in full"),
];

part! {
    /// What a marketing discount took off the payer's amount.
    DiscountDetails {
        discount_amt "discountAmt" O (AMOUNT.named("Discount Amount").eg("500"));
        discount_note "discountNote" O (text("Discount Note", Ans, 1, 100).eg("Opening week"));
        coupon_id "couponId" O (COUPON_ID);
    }
}

part! {
    /// `trxInfo` of `PAYMENT_RESULT_NOTICE`; to a channel the same fields at top level.
    PaymentResultNotice {
        txn_type "txnType" M (TXN_TYPE);
        order_id "orderId" M (ORDER_ID);
        txn_time "txnTime" M (TXN_TIME);
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        query_id "queryId" M (QUERY_ID.note("With txnType the key of the receiver's idempotency"));
        orig_qry_id "origQryId" C (ORIG_QRY_ID.note("On reversals").eg(""));
        orig_order_id "origOrderId" C (ORIG_ORDER_ID.note("On reversals").eg(""));
        orig_txn_time "origTxnTime" C (ORIG_TXN_TIME.note("On reversals").eg(""));
        txn_amt "txnAmt" M (TXN_AMT);
        currency_code "currencyCode" M (CURRENCY_CODE);
        pay_amt "payAmt" O (AMOUNT.named("Paid Amount").note("After discounts, minor units"));
        discount_details "discountDetails" O {DiscountDetails} (object("Discount Details"));
        txn_status "txnStatus" M (text("Transaction Status", An, 1, 10)
            .values(NOTICE_STATUSES).eg("SUCCESS"));
        orig_resp_code "origRespCode" M (ORIG_RESP_CODE);
        orig_resp_msg "origRespMsg" M (ORIG_RESP_MSG);
        masked_pan "maskedPan" O (MASKED_PAN);
        card_type "cardType" O (CARD_TYPE);
        issuer_name "issuerName" O (ISSUER_NAME);
        settle_amt "settleAmt" O (SETTLE_AMT);
        settle_currency_code "settleCurrencyCode" O (SETTLE_CURRENCY_CODE);
        settle_date "settleDate" O (SETTLE_DATE);
        exchange_rate "exchangeRate" O (EXCHANGE_RATE);
        exchange_date "exchangeDate" O (EXCHANGE_DATE);
        trace_no "traceNo" O (TRACE_NO);
        trace_time "traceTime" O (TRACE_TIME);
        tn "tn" C (TN.note("On front-end payments"));
        contract_id "contractId" C (CONTRACT_ID.note("On debits").eg(""));
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        req_reserved "reqReserved" R (REQ_RESERVED);
        notify_id "notifyId" M (NOTIFY_ID);
        notify_count "notifyCount" M (NOTIFY_COUNT);
    }
}

message! {
    /// The final result, told to the service and to the channel.
    PAYMENT_RESULT_NOTICE: PaymentResultNotice => NoMembers, D, "Payment result notice",
    "The platform tells the final result to the service and to the channel: at once, then 1, 2, \
     4, 8 and 16 minutes after the attempt before, until confirmed. Confirmation is HTTP 200 \
     within 60 s, a valid signature and response code 00. The receiver must be idempotent by \
     queryId and txnType.",
    [Leg::notice("backUrl"), Leg::to_channel("/ucsp/v1/paymentresultnotice")]
}

part! {
    /// `trxInfo` of `PAYMENT_RESULT_INQUIRY`.
    PaymentResultInquiry where [
        Condition::Either { either: "queryId", or: &["orderId", "txnTime"] },
        Condition::Needs { given: "orderId", needed: "txnTime" },
        Condition::Needs { given: "txnTime", needed: "orderId" },
    ] {
        order_id "orderId" C (ORDER_ID.note("Together with txnTime, or else queryId"));
        txn_time "txnTime" C (TXN_TIME.note("Together with orderId, or else queryId"));
        query_id "queryId" C (QUERY_ID.note("May stand for orderId and txnTime").eg(""));
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
    }
}

part! {
    /// `trxInfo` of the answer to `PAYMENT_RESULT_INQUIRY`.
    PaymentResultInquiryAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        mer_id "merId" R (MER_ID);
        txn_status "txnStatus" C (text("Transaction Status", Ans, 1, 16).on_approval()
            .values(PAYMENT_STATUSES).eg("SUCCESS"));
        query_id "queryId" C (QUERY_ID);
        orig_resp_code "origRespCode" C (ORIG_RESP_CODE);
        orig_resp_msg "origRespMsg" C (ORIG_RESP_MSG);
        txn_amt "txnAmt" C (TXN_AMT);
        currency_code "currencyCode" C (CURRENCY_CODE);
        pay_amt "payAmt" C (AMOUNT.named("Paid Amount").note("After discounts, minor units"));
        masked_pan "maskedPan" C (MASKED_PAN);
        refunded_amt "refundedAmt" C (AMOUNT.named("Refunded Amount").eg("0")
            .note("Sum of the successful refunds, minor units"));
        settle_amt "settleAmt" C (SETTLE_AMT);
        settle_currency_code "settleCurrencyCode" C (SETTLE_CURRENCY_CODE);
        settle_date "settleDate" C (SETTLE_DATE);
        exchange_rate "exchangeRate" C (EXCHANGE_RATE);
        exchange_date "exchangeDate" C (EXCHANGE_DATE);
        trace_no "traceNo" C (TRACE_NO);
        trace_time "traceTime" C (TRACE_TIME);
        req_reserved "reqReserved" O (REQ_RESERVED);
    }
}

message! {
    /// The service asks how a payment stands.
    PAYMENT_RESULT_INQUIRY: PaymentResultInquiry => PaymentResultInquiryAnswer, D,
    "Payment result inquiry",
    "The service asks how a payment stands. The response code is about the inquiry: 00 done, 34 \
     no such order; the payment's state is in txnStatus.",
    [Leg::industry("/ucsp/industry/v1/paymentresultinquiry")]
}
