//! One snapshot of the whole projection, and the translations that a table cannot show.

use std::fmt::Write as _;

use app::Refusal;
use app::use_cases::Selector;
use domain::Rejection;
use domain::abort::{Abort, AbortReason};
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{
    Attempt, Card, Details, DownstreamResult, Order, OrderState, Origin, Settlement, Terms,
};
use domain::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};
use jiff::Timestamp;
use money::{Amount, Currency};
use wire::Part;
use wire::ucsp::{
    MsgResponse, PaymentCancellation, PaymentRefund, PaymentResultInquiry, SubmitPaymentOrder,
};

use super::*;
use crate::time::default_zone;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hkd(minor: u64) -> Amount {
    Amount::new(minor, Currency::from_numeric("344").unwrap()).unwrap()
}

fn result(code: &str, message: &str) -> DownstreamResult {
    DownstreamResult {
        code: code.to_owned(),
        message: message.to_owned(),
        trace_no: Some("000017".to_owned()),
        ..DownstreamResult::default()
    }
}

fn attempt() -> Attempt {
    Attempt {
        card: Some(Card {
            id: "c-1".into(),
            masked_pan: "6233********0060".to_owned(),
            card_type: Some("1".to_owned()),
            issuer: Some("Harbour Bank".to_owned()),
        }),
        started_at: at("2026-01-05T02:31:00Z"),
        valid_until: at("2026-01-05T02:32:30Z"),
        accepted_at: None,
        scenario: None,
        qr_code: None,
    }
}

fn abort() -> Abort {
    Abort::requested(AbortReason::Timeout, at("2026-01-05T02:31:02Z"))
}

fn settlement(given_back: u64) -> Settlement {
    Settlement {
        attempt: attempt(),
        paid_at: at("2026-01-05T02:31:01Z"),
        trade_day: jiff::civil::date(2026, 1, 5),
        paid: hkd(2500),
        given_back: hkd(given_back),
        result: result("00", "Approved"),
    }
}

fn order(state: OrderState) -> Order {
    let terms = Terms {
        number: "820260105103001000017".into(),
        query_id: "202601051030010000171".into(),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        reference: domain::ids::Reference {
            order_id: "PK20260105000017".into(),
            txn_time: "20260105103000".into(),
        },
        amount: hkd(2500),
        created_at: at("2026-01-05T02:30:00Z"),
        expires_at: at("2026-01-05T02:45:00Z"),
        origin: Origin::Industry {
            app: "APP00001".into(),
            industry: "10000001".into(),
            channel: "20000001".into(),
            user: "u-77".into(),
        },
        details: Details { reserved: Some("echo".to_owned()), ..Details::default() },
        scenario: None,
    };
    Order { state, ..Order::submitted(terms) }
}

fn reversal(kind: ReversalKind, state: ReversalState) -> Reversal {
    let terms = ReversalTerms {
        kind,
        query_id: "202601051130010000172".into(),
        reference: domain::ids::Reference {
            order_id: "RF20260105000001".into(),
            txn_time: "20260105113000".into(),
        },
        amount: hkd(1000),
        requested_at: at("2026-01-05T03:30:00Z"),
        valid_until: at("2026-01-05T03:31:30Z"),
        back_url: None,
        reserved: Some("echo of the refund".to_owned()),
        reason: None,
        operator: None,
        client_tsn: None,
        scenario: None,
    };
    Reversal { state, ..Reversal::requested(terms) }
}

fn payment_states() -> Vec<OrderState> {
    let now = at("2026-01-05T02:31:02Z");
    vec![
        OrderState::Created,
        OrderState::Closed { at: now },
        OrderState::Paying { attempt: attempt() },
        OrderState::Unknown { attempt: attempt(), since: now },
        OrderState::Failed { attempt: attempt(), result: result("51", "No funds"), at: now },
        OrderState::Aborting { attempt: attempt(), abort: abort() },
        OrderState::Aborted { attempt: attempt(), abort: abort(), at: now },
        OrderState::Paid { settlement: settlement(0) },
        OrderState::PartRefunded { settlement: settlement(1000) },
        OrderState::Refunded { settlement: settlement(2500) },
        OrderState::Cancelled { settlement: settlement(2500) },
    ]
}

fn reversal_states() -> Vec<ReversalState> {
    let now = at("2026-01-05T03:30:01Z");
    vec![
        ReversalState::Processing,
        ReversalState::Unknown { since: now },
        ReversalState::Succeeded { at: now, result: result("00", "Approved") },
        ReversalState::Refused { at: now, result: result("61", "Over limit") },
    ]
}

fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::UnknownTransaction,
        Refusal::no_right("merId", "not a merchant of this service"),
        Refusal::limit("currencyCode", "not a currency of this merchant"),
        Refusal::Rule { field: "origQryId", rejection: Rejection::AlreadyCancelled },
        Refusal::Rule { field: "txnAmt", rejection: Rejection::AboveRefundable { left: hkd(500) } },
        Refusal::Differs { field: "txnAmt".to_owned() },
        Refusal::Invalid { field: "payTimeout", rule: "is no time of the calendar".to_owned() },
        Refusal::InFlight,
        Refusal::Replayed,
        Refusal::DownstreamRefused { code: "61".to_owned(), message: "Over limit".to_owned() },
        Refusal::DownstreamRefused { code: "99".to_owned(), message: "Failure".to_owned() },
        Refusal::Unavailable { reason: "10.0.0.7 accepts no connection".to_owned() },
        Refusal::Overloaded,
        Refusal::Internal { incident: "k3f9".to_owned() },
    ]
}

fn shown(code: &str, response: &MsgResponse) -> String {
    let detail = response.error_detail.as_deref().unwrap_or("-");
    format!("{code} | {} {} | {detail}", response.response_code, response.response_msg)
}

#[test]
fn the_whole_projection() {
    let mut table = String::from("payment | txnStatus | origRespCode | refundedAmt\n");
    for state in payment_states() {
        let answer = payment_answer(&order(state.clone()));
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let (status, code) = (of(&answer.txn_status), of(&answer.orig_resp_code));
        let refunded = of(&answer.refunded_amt);
        writeln!(table, "{} | {status} | {code} | {refunded}", state.name()).unwrap();
    }
    table.push_str("\nreversal | txnStatus | origRespCode | responseCode of the request\n");
    for state in reversal_states() {
        let reversal = reversal(ReversalKind::Refund, state);
        let Shown { status, code } = reversal_shown(&reversal.state);
        let code = code.map_or("-".to_owned(), |(code, _)| code);
        let response = reversal_response(&reversal).response_code;
        writeln!(table, "{} | {status} | {code} | {response}", reversal.state.name()).unwrap();
    }
    let state =
        ReversalState::Refused { at: at("2026-01-05T03:30:01Z"), result: result("99", "No") };
    let response = reversal_response(&reversal(ReversalKind::Refund, state)).response_code;
    writeln!(table, "refused with 99 | - | - | {response}").unwrap();
    let late = Reversal {
        pending_since: Some(at("2026-01-05T03:30:00Z")),
        ..reversal(ReversalKind::Refund, reversal_states().remove(3))
    };
    let response = reversal_response(&late).response_code;
    writeln!(table, "{} after a pending answer | - | - | {response}", late.state.name()).unwrap();
    table.push_str("\nrefusal | responseCode | errorDetail\n");
    for refusal in refusals() {
        let name = format!("{refusal:?}");
        let name = name.split([' ', '{']).next().unwrap_or_default();
        let line = match said(&refusal) {
            Said::Response(response) => shown(name, &response),
            Said::Unauthorized => format!("{name} | 401 E0 | -"),
        };
        writeln!(table, "{line}").unwrap();
    }
    insta::assert_snapshot!("projection", table);
}

#[test]
fn what_only_operators_may_know_is_not_told() {
    let refusal = Refusal::Unavailable { reason: "10.0.0.7 accepts no connection".to_owned() };
    let Said::Response(response) = said(&refusal) else { panic!("a business answer") };
    assert!(!response.error_detail.unwrap().contains("10.0.0.7"));
}

fn notice(transaction: &str) -> Notice {
    Notice {
        id: "0123456789abcdef0123456789abcdef".into(),
        receiver: Receiver::Industry,
        transaction: transaction.into(),
        after: None,
        copies: 1,
        body: None,
        created_at: at("2026-01-05T02:31:01Z"),
        state: NoticeState::Queued,
        attempts: Vec::new(),
    }
}

#[test]
fn a_payment_is_told_with_its_card_and_as_it_ended_whatever_followed() {
    let paid = order(OrderState::PartRefunded { settlement: settlement(1000) });
    let message = payment_result_notice(&paid, &notice("202601051030010000171")).unwrap();
    let text = String::from_utf8(wire::ucsp::encode_plain(&message)).unwrap();
    insta::assert_snapshot!("notice_of_a_payment", text.replace("\",\"", "\",\n\""));
}

#[test]
fn a_refund_is_told_with_its_own_key_and_the_original() {
    let mut paid = order(OrderState::Paid { settlement: settlement(0) });
    let state = ReversalState::Refused {
        at: at("2026-01-05T03:30:01Z"),
        result: result("61", "Over limit"),
    };
    paid.reversals.push(reversal(ReversalKind::Refund, state));
    let message = payment_result_notice(&paid, &notice("202601051130010000172")).unwrap();
    let text = String::from_utf8(wire::ucsp::encode_plain(&message)).unwrap();
    insta::assert_snapshot!("notice_of_a_refund", text.replace("\",\"", "\",\n\""));
}

#[test]
fn what_is_open_is_never_told() {
    for state in payment_states() {
        let told = payment_result_notice(&order(state.clone()), &notice("202601051030010000171"));
        let open = matches!(
            state,
            OrderState::Created
                | OrderState::Closed { .. }
                | OrderState::Paying { .. }
                | OrderState::Unknown { .. }
                | OrderState::Aborting { .. }
                | OrderState::Aborted { .. }
        );
        assert_eq!(told.is_err(), open, "{}", state.name());
    }
    for state in reversal_states() {
        let mut paid = order(OrderState::Paid { settlement: settlement(0) });
        let open = matches!(state, ReversalState::Processing | ReversalState::Unknown { .. });
        paid.reversals.push(reversal(ReversalKind::Cancellation, state));
        let told = payment_result_notice(&paid, &notice("202601051130010000172"));
        assert_eq!(told.is_err(), open);
    }
    let paid = order(OrderState::Paid { settlement: settlement(0) });
    assert!(payment_result_notice(&paid, &notice("999999999999999999999")).is_err());
}

fn submission() -> SubmitPaymentOrder {
    SubmitPaymentOrder {
        order_id: "PK20260105000017".to_owned(),
        txn_time: "20260105103000".to_owned(),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        txn_amt: "2500".to_owned(),
        currency_code: "344".to_owned(),
        channel_code: "20000001".to_owned(),
        user_id: "u-77".to_owned(),
        pay_timeout: Some("20260105104500".to_owned()),
        ..SubmitPaymentOrder::default()
    }
}

#[test]
fn a_submission_becomes_a_command_in_the_acquirers_time() {
    let command = submit_order(&submission(), &default_zone()).unwrap();
    assert_eq!(command.pay_timeout, Some(at("2026-01-05T02:45:00Z")));
    assert_eq!(command.amount, hkd(2500));
    let placed = order(OrderState::Created);
    let answer = submit_answer(&placed, "https://ucsp.example/");
    assert_eq!(
        answer.payment_url.as_deref(),
        Some("https://ucsp.example/cashier/820260105103001000017")
    );
    let unknown = SubmitPaymentOrder { currency_code: "000".to_owned(), ..submission() };
    let refused = submit_order(&unknown, &default_zone()).unwrap_err();
    assert!(matches!(refused, Refusal::Invalid { field: "currencyCode", .. }));
}

#[test]
fn the_first_field_that_differs_is_named_in_the_order_of_the_declaration() {
    let stored = canonical(&submission());
    assert_eq!(first_difference(&stored, &canonical(&submission())), None);
    let mut other = submission();
    other.user_id = "u-78".to_owned();
    other.txn_amt = "2600".to_owned();
    assert_eq!(first_difference(&stored, &canonical(&other)).as_deref(), Some("txnAmt"));
    let mut more = submission();
    more.order_desc = Some("Parking".to_owned());
    assert_eq!(first_difference(&stored, &canonical(&more)).as_deref(), Some("orderDesc"));
    assert_eq!(first_difference(&canonical(&more), &stored).as_deref(), Some("orderDesc"));
    assert_eq!(first_difference("damaged", &stored).as_deref(), Some("trxInfo"));
}

fn refund_message() -> PaymentRefund {
    PaymentRefund {
        order_id: "RF20260105000001".to_owned(),
        txn_time: "20260105113000".to_owned(),
        orig_order_id: Some("PK20260105000017".to_owned()),
        orig_txn_time: Some("20260105103000".to_owned()),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        txn_amt: "2500".to_owned(),
        currency_code: "344".to_owned(),
        back_url: Some("https://parkeasy.example/notice".to_owned()),
        req_reserved: Some("echo".to_owned()),
        ..PaymentRefund::default()
    }
}

#[test]
fn a_cancellation_and_a_refund_with_one_key_are_not_the_same() {
    let refunded = refund_message();
    let mut cancelled = PaymentCancellation::default();
    for field in PaymentCancellation::TABLE.fields {
        if let Some(value) = refunded.text(field.id) {
            assert!(cancelled.set_text(field.id, value), "{}", field.id);
        }
    }
    let (one, two) = (canonical(&refunded), canonical(&cancelled));
    assert_eq!(first_difference(&one, &two).as_deref(), Some("msgType"));

    let (one, two) = (refund(&refunded).unwrap(), cancellation(&cancelled).unwrap());
    assert_eq!(two.kind, ReversalKind::Cancellation);
    assert_eq!(one.reference, two.reference);
    assert_eq!(one.back_url, two.back_url);
    assert_eq!(one.reserved, two.reserved);
    assert_eq!(one.amount, two.amount);
    assert_eq!((one.merchant, one.acquirer), (two.merchant, two.acquirer));
    let Selector::Reference(key) = two.original else { panic!("named by its key") };
    assert_eq!(key.order_id.as_str(), "PK20260105000017");
}

#[test]
fn an_original_named_twice_is_looked_up_by_both_names() {
    let named =
        PaymentRefund { orig_qry_id: Some("202601051030010000171".to_owned()), ..refund_message() };
    assert!(matches!(refund(&named).unwrap().original, Selector::Both(_, _)));
    let asked = PaymentResultInquiry {
        order_id: named.orig_order_id.clone(),
        txn_time: named.orig_txn_time.clone(),
        query_id: named.orig_qry_id,
        ..PaymentResultInquiry::default()
    };
    assert!(matches!(payment_selector(&asked), Some(Selector::Both(_, _))));
}
