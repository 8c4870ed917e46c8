//! Cancellation, refund, and the inquiry about both.

use super::rows::{
    ACQ_IIN, BACK_URL, CURRENCY_CODE, EXCHANGE_DATE, EXCHANGE_RATE, MER_ID, ORDER_ID,
    ORIG_ORDER_ID, ORIG_QRY_ID, ORIG_RESP_CODE, ORIG_RESP_MSG, ORIG_TXN_TIME, QUERY_ID,
    REQ_RESERVED, SETTLE_AMT, SETTLE_CURRENCY_CODE, SETTLE_DATE, TRACE_NO, TRACE_TIME, TXN_AMT,
    TXN_TIME, TXN_TYPE,
};
use crate::class::Class::{An, Ans};
use crate::field::{Condition, Field, text};
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

/// The original is named by its query ID, or by its order.
const ORIGINAL: Condition =
    Condition::Either { either: "origQryId", or: &["origOrderId", "origTxnTime"] };
const ORIGINAL_TIME: Condition = Condition::Needs { given: "origOrderId", needed: "origTxnTime" };
const ORIGINAL_ORDER: Condition = Condition::Needs { given: "origTxnTime", needed: "origOrderId" };
const NEW_ORDER: Field = ORDER_ID.note("Number of the new transaction");
const NEW_TIME: Field = TXN_TIME.note("Time of the new transaction");
const STATUSES: &[(&str, &str)] =
    &[("PROCESSING", "under way, or unknown"), ("SUCCESS", "done"), ("FAIL", "not done, for good")];

part! {
    /// `trxInfo` of `PAYMENT_CANCELLATION`.
    PaymentCancellation where [ORIGINAL, ORIGINAL_TIME, ORIGINAL_ORDER] {
        order_id "orderId" M (NEW_ORDER);
        txn_time "txnTime" M (NEW_TIME);
        orig_qry_id "origQryId" C (ORIG_QRY_ID);
        orig_order_id "origOrderId" C (ORIG_ORDER_ID.eg(""));
        orig_txn_time "origTxnTime" C (ORIG_TXN_TIME.eg(""));
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        txn_amt "txnAmt" M (TXN_AMT.note("Equal to the original, minor units"));
        currency_code "currencyCode" M (CURRENCY_CODE);
        back_url "backUrl" O (BACK_URL.note(
            "Where the notice is posted; else the payment's, else the registered address"));
        req_reserved "reqReserved" O (REQ_RESERVED);
    }
}

part! {
    /// `trxInfo` of the answer to `PAYMENT_CANCELLATION`.
    PaymentCancellationAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        query_id "queryId" C (QUERY_ID.eg("202601051130010000181"));
    }
}

message! {
    /// The service cancels a payment of the same trade day.
    PAYMENT_CANCELLATION: PaymentCancellation => PaymentCancellationAnswer, P,
    "Payment cancellation",
    "The service cancels a successful payment in full on its trade day (23:00 to 23:00), unless \
     anything was refunded. Normally answered 05; the result comes by notice.",
    [Leg::industry("/ucsp/industry/v1/paymentcancellation")]
}

part! {
    /// `trxInfo` of `PAYMENT_REFUND`.
    PaymentRefund where [ORIGINAL, ORIGINAL_TIME, ORIGINAL_ORDER] {
        order_id "orderId" M (NEW_ORDER);
        txn_time "txnTime" M (NEW_TIME);
        orig_qry_id "origQryId" C (ORIG_QRY_ID);
        orig_order_id "origOrderId" C (ORIG_ORDER_ID.eg(""));
        orig_txn_time "origTxnTime" C (ORIG_TXN_TIME.eg(""));
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
        txn_amt "txnAmt" M (TXN_AMT.note("At most what is not refunded yet, minor units"));
        currency_code "currencyCode" M (CURRENCY_CODE);
        back_url "backUrl" O (BACK_URL.note(
            "Where the notice is posted; else the payment's, else the registered address"));
        req_reserved "reqReserved" O (REQ_RESERVED);
        refund_reason "refundReason" O (text("Refund Reason", Ans, 1, 100).eg("Left early"));
    }
}

part! {
    /// `trxInfo` of the answer to `PAYMENT_REFUND`.
    PaymentRefundAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        query_id "queryId" C (QUERY_ID.eg("202601051130010000181"));
    }
}

message! {
    /// The service refunds a payment, in full or in part.
    PAYMENT_REFUND: PaymentRefund => PaymentRefundAnswer, P, "Payment refund",
    "The service refunds a successful payment, in full or in parts, within 365 days, unless it \
     was cancelled. Normally answered 05; the result comes by notice.",
    [Leg::industry("/ucsp/industry/v1/paymentrefund")]
}

part! {
    /// `trxInfo` of `REFUND_RESULT_INQUIRY`.
    RefundResultInquiry where [
        Condition::Either { either: "queryId", or: &["orderId", "txnTime"] },
        Condition::Needs { given: "orderId", needed: "txnTime" },
        Condition::Needs { given: "txnTime", needed: "orderId" },
    ] {
        order_id "orderId" C (ORDER_ID.note(
            "Of the refund or cancellation; together with txnTime, or else queryId"));
        txn_time "txnTime" C (TXN_TIME.note(
            "Of the refund or cancellation; together with orderId, or else queryId"));
        query_id "queryId" C (QUERY_ID.note("Of the refund or cancellation").eg(""));
        mer_id "merId" M (MER_ID);
        acq_iin "acqIIN" M (ACQ_IIN);
    }
}

part! {
    /// `trxInfo` of the answer to `REFUND_RESULT_INQUIRY`.
    RefundResultInquiryAnswer {
        order_id "orderId" R (ORDER_ID);
        txn_time "txnTime" R (TXN_TIME);
        mer_id "merId" R (MER_ID);
        txn_type "txnType" C (TXN_TYPE.on_approval().eg("04"));
        orig_qry_id "origQryId" C (ORIG_QRY_ID);
        txn_amt "txnAmt" C (TXN_AMT);
        currency_code "currencyCode" C (CURRENCY_CODE);
        txn_status "txnStatus" C (text("Transaction Status", An, 1, 10).on_approval()
            .values(STATUSES).eg("SUCCESS"));
        query_id "queryId" C (QUERY_ID.eg("202601051130010000181"));
        orig_resp_code "origRespCode" C (ORIG_RESP_CODE);
        orig_resp_msg "origRespMsg" C (ORIG_RESP_MSG);
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
    /// The service asks how a refund or cancellation stands.
    REFUND_RESULT_INQUIRY: RefundResultInquiry => RefundResultInquiryAnswer, D,
    "Refund result inquiry",
    "The service asks how a refund or cancellation stands. 34 if there is none.",
    [Leg::industry("/ucsp/industry/v1/refundresultinquiry")]
}
