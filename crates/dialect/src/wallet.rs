//! Orders of terminals as wallets are told of them, and what wallets say.

use std::borrow::Cow;

use domain::Outcome;
use domain::ids::{OrderNumber, QueryId};
use domain::order::{DownstreamResult, Order, PaymentPart, WalletResult};
use jiff::Timestamp;
use wire::card_number::holds_card_number;
use wire::wallet::{
    Abort, Answer, CODE_NOT_EXIST, Charge, Inquire, Operation, Part, Present, Refund, Status,
};

/// `code` of what is done.
const CODE_DONE: &str = "00";
/// Longest error code, in bytes; the longest of `upay.md` 10.8 has 32.
const CODE_BYTES_MAX: usize = 64;
/// Longest message that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 256;
/// Longest `trade_no`, `payer_uid` in bytes (`upay.md` 6).
const NUMBER_BYTES_MAX: usize = 64;
/// Longest `payer_login`, in characters (`upay.md` 6).
const LOGIN_CHARS_MAX: usize = 128;
/// Longest `qr_code`, in bytes (`upay.md` 6).
const QR_CODE_BYTES_MAX: usize = 128;
/// Longest `wap_pay_request`, in bytes (`upay.md` 6).
const WAP_REQUEST_BYTES_MAX: usize = 1024;
/// Most elements of `payment_list` that are kept.
const PARTS_COUNT_MAX: usize = 16;
/// Longest `type` of `payment_list`, in bytes; the longest of `upay.md` 10.7 has 28.
const PART_KIND_BYTES_MAX: usize = 32;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This became of the payment, refund or abort.
    Outcome(Outcome),
    /// The order can be paid by whoever scans or opens this.
    Presented {
        /// `qr_code`.
        qr_code: String,
        /// `wap_pay_request`.
        wap_pay_request: Option<String>,
    },
    /// The wallet knows nothing of it; whether that is proof depends on the time.
    NotFound(DownstreamResult),
}

/// An answer that says nothing of what was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// It speaks of another order or refund.
    #[error("the answer is about something else")]
    Other,
    /// A refusal without a code, or with one that is none.
    #[error("the refusal has no code")]
    Code,
    /// A notice of something that is not over.
    #[error("a notice of something that is not over")]
    NotOver,
    /// What it presents cannot be shown.
    #[error("qr_code or wap_pay_request is missing or too long")]
    Presentation,
}

/// The charge of the payer whose barcode was read; `None` for an order of no terminal.
#[must_use]
pub fn charge<'a>(order: &'a Order, barcode: &'a str) -> Option<Operation<'a>> {
    let sale = order.sale()?;
    Some(Operation::Charge(Charge {
        sn: order.terms.number.as_str().into(),
        payway: sale.payway.0,
        amount: order.terms.amount.minor(),
        currency: order.terms.amount.currency().numeric().into(),
        barcode: barcode.into(),
        valid_until: order.attempt()?.valid_until.as_millisecond(),
    }))
}

/// The order as a payer may come to pay it; `None` for an order of no terminal. `merchant` is the
/// name that the payer reads.
#[must_use]
pub fn present<'a>(
    order: &'a Order,
    merchant: &'a str,
    return_url: Option<&'a str>,
) -> Option<Operation<'a>> {
    let sale = order.sale()?;
    Some(Operation::Present(Present {
        sn: order.terms.number.as_str().into(),
        payway: sale.payway.0,
        sub_payway: sale.sub_payway.0,
        amount: order.terms.amount.minor(),
        currency: order.terms.amount.currency().numeric().into(),
        merchant: merchant.into(),
        subject: sale.subject.as_str().into(),
        valid_until: order.attempt()?.valid_until.as_millisecond(),
        return_url: return_url.map(Into::into),
    }))
}

/// The end of the order's attempt; `None` for an order of no terminal.
#[must_use]
pub fn abort(order: &Order) -> Option<Operation<'_>> {
    let sale = order.sale()?;
    Some(Operation::Abort(Abort { sn: order.terms.number.as_str().into(), payway: sale.payway.0 }))
}

/// Money that goes back; `None` when the order is no terminal's or has no such reversal.
#[must_use]
pub fn refund<'a>(order: &'a Order, reversal: &QueryId) -> Option<Operation<'a>> {
    let (sale, reversal) = (order.sale()?, &order.reversal(reversal)?.terms);
    Some(Operation::Refund(Refund {
        sn: order.terms.number.as_str().into(),
        refund_no: reversal.query_id.as_str().into(),
        payway: sale.payway.0,
        amount: reversal.amount.minor(),
        valid_until: reversal.valid_until.as_millisecond(),
    }))
}

/// The question what became of the payment (`None`) or of a reversal; `None` for an order of no
/// terminal.
#[must_use]
pub fn inquire<'a>(order: &'a Order, reversal: Option<&'a QueryId>) -> Option<Operation<'a>> {
    let sale = order.sale()?;
    Some(Operation::Inquire(Inquire {
        sn: order.terms.number.as_str().into(),
        refund_no: reversal.map(|number| number.as_str().into()),
        payway: sale.payway.0,
    }))
}

/// Reads an answer about the order's payment (`None`) or about a reversal.
///
/// # Errors
/// [`Garbled`] when it says nothing that may be relied on.
pub fn said(
    order: &Order,
    reversal: Option<&QueryId>,
    answer: Answer<'_>,
) -> Result<Said, Garbled> {
    let same_order = answer.sn == order.terms.number.as_str();
    let same_refund = answer.refund_no.as_deref() == reversal.map(QueryId::as_str);
    if !same_order || !same_refund {
        return Err(Garbled::Other);
    }
    let total = match reversal {
        None => Some(order.terms.amount.minor()),
        Some(query_id) => order.reversal(query_id).map(|one| one.terms.amount.minor()),
    };
    heard(answer, total)
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The order.
    pub order: OrderNumber,
    /// The payment or reversal.
    pub transaction: QueryId,
    /// What became of it.
    pub outcome: Outcome,
}

/// Reads a notice. A terminal's payment has the number of its order.
///
/// # Errors
/// [`Garbled`] when it says nothing that may be relied on.
pub fn told(notice: Answer<'_>) -> Result<Told, Garbled> {
    let order = OrderNumber::new(notice.sn.as_ref());
    let transaction = QueryId::new(notice.refund_no.as_ref().unwrap_or(&notice.sn).as_ref());
    match heard(notice, None)? {
        Said::Outcome(outcome @ (Outcome::Succeeded(_) | Outcome::Refused(_))) => {
            Ok(Told { order, transaction, outcome })
        }
        Said::Outcome(Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost)
        | Said::Presented { .. }
        | Said::NotFound(_) => Err(Garbled::NotOver),
    }
}

/// `total` is what the parts of a payment must add up to, where that is known.
fn heard(answer: Answer<'_>, total: Option<u64>) -> Result<Said, Garbled> {
    match answer.status {
        Status::Pending => match answer.qr_code {
            Some(_) => presented(answer),
            None => Ok(Said::Outcome(Outcome::Accepted)),
        },
        Status::Success => {
            let code = CODE_DONE.to_owned();
            Ok(Said::Outcome(Outcome::Succeeded(result(answer, code, total))))
        }
        Status::Fail => {
            let code = refusal_code(&answer).ok_or(Garbled::Code)?;
            Ok(Said::Outcome(Outcome::Refused(result(answer, code, None))))
        }
        Status::NotFound => {
            let code = refusal_code(&answer).unwrap_or_else(|| CODE_NOT_EXIST.to_owned());
            Ok(Said::NotFound(result(answer, code, None)))
        }
        Status::Error => Ok(Said::Outcome(Outcome::Lost)),
    }
}

fn presented(answer: Answer<'_>) -> Result<Said, Garbled> {
    let qr_code = answer.qr_code.unwrap_or_default().into_owned();
    let wap_pay_request = answer.wap_pay_request.map(Cow::into_owned);
    let short = wap_pay_request.as_ref().is_none_or(|text| text.len() <= WAP_REQUEST_BYTES_MAX);
    if qr_code.is_empty() || qr_code.len() > QR_CODE_BYTES_MAX || !short {
        return Err(Garbled::Presentation);
    }
    Ok(Said::Presented { qr_code, wap_pay_request })
}

/// The code of a refusal: capitals, digits and underscores.
fn refusal_code(answer: &Answer<'_>) -> Option<String> {
    let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let code = answer.code.as_deref()?;
    let good = !code.is_empty() && code.len() <= CODE_BYTES_MAX && code.bytes().all(letter);
    good.then(|| code.to_owned())
}

/// What may be kept and told on: members of another form are dropped. Numbers that the wallet gives
/// out are kept whatever digits they have, as a partner's own are.
fn result(answer: Answer<'_>, code: String, total: Option<u64>) -> DownstreamResult {
    let number = |text: Option<Cow<'_, str>>| {
        let text = text.filter(|text| !text.is_empty() && text.len() <= NUMBER_BYTES_MAX);
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        text.map(Cow::into_owned)
    };
    let line = |text: Cow<'_, str>, chars_max: usize| {
        // Nearly all texts are kept as they are.
        if text.len() <= chars_max && !text.contains(char::is_control) {
            return text.into_owned();
        }
        text.chars().filter(|letter| !letter.is_control()).take(chars_max).collect()
    };
    // What names a card is dropped: it would be kept, and told on (security section 7).
    let bare = |text: Option<Cow<'_, str>>, chars_max: usize| {
        text.map(|text| line(text, chars_max)).filter(|text| !holds_card_number(text))
    };
    let message = bare(answer.message, MESSAGE_CHARS_MAX);
    let login = bare(answer.payer_login, LOGIN_CHARS_MAX);
    let wallet = WalletResult {
        payer_uid: number(answer.payer_uid),
        payer_login: login.filter(|text| !text.is_empty()),
        finished_at: answer.finished_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        payments: parts(answer.payments, total),
    };
    DownstreamResult {
        code,
        message: message.unwrap_or_default(),
        reference: number(answer.trade_no),
        wallet: (wallet != WalletResult::default()).then(|| Box::new(wallet)),
        ..DownstreamResult::default()
    }
}

/// The parts of a payment; none when they are odd or do not add up.
fn parts(parts: Vec<Part<'_>>, total: Option<u64>) -> Vec<PaymentPart> {
    let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let good = |part: &Part<'_>| {
        (1..=PART_KIND_BYTES_MAX).contains(&part.kind.len()) && part.kind.bytes().all(letter)
    };
    let sum = parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.amount));
    let fits = sum.is_some() && (total.is_none() || sum == total);
    if !fits || parts.len() > PARTS_COUNT_MAX || !parts.iter().all(good) {
        return Vec::new();
    }
    let kept = |part: Part<'_>| PaymentPart { kind: part.kind.into_owned(), minor: part.amount };
    parts.into_iter().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: Status, code: Option<&'static str>) -> Answer<'static> {
        Answer { sn: "7890".into(), status, code: code.map(Into::into), ..Answer::default() }
    }

    fn part(kind: &'static str, amount: u64) -> Part<'static> {
        Part { kind: kind.into(), amount }
    }

    #[test]
    fn only_what_is_over_is_told() {
        let paid = told(answer(Status::Success, None)).map(|told| told.outcome);
        assert!(matches!(paid, Ok(Outcome::Succeeded(result)) if result.code == "00"));
        let refused = told(answer(Status::Fail, Some("INSUFFICIENT_FUND")));
        let refused = refused.expect("a refusal");
        assert_eq!((refused.order.as_str(), refused.transaction.as_str()), ("7890", "7890"));
        assert!(matches!(refused.outcome, Outcome::Refused(it) if it.code == "INSUFFICIENT_FUND"));
        for status in [Status::Pending, Status::NotFound, Status::Error] {
            assert_eq!(told(answer(status, None)), Err(Garbled::NotOver), "{status:?}");
        }
        for code in [None, Some(""), Some("two words"), Some("klein")] {
            assert_eq!(told(answer(Status::Fail, code)), Err(Garbled::Code), "{code:?}");
        }
        let refund = Answer { refund_no: Some("11".into()), ..answer(Status::Success, None) };
        assert_eq!(told(refund).map(|told| told.transaction), Ok(QueryId::new("11")));
    }

    #[test]
    fn what_is_kept_has_the_published_form() {
        let odd = Answer {
            trade_no: Some("with blank".into()),
            payer_uid: Some("x".repeat(65).into()),
            payer_login: Some(format!("a\n{}", "长".repeat(200)).into()),
            message: Some("line\nbreak".into()),
            finished_at: Some(i64::MAX),
            payments: vec![part("WALLET_WEIXIN", u64::MAX), part("WALLET_WEIXIN", 1)],
            ..answer(Status::Success, None)
        };
        let kept = result(odd, CODE_DONE.to_owned(), None);
        let wallet = kept.wallet.expect("the login");
        assert_eq!((kept.reference, wallet.payer_uid, wallet.finished_at), (None, None, None));
        assert_eq!(wallet.payer_login.map(|text| text.chars().count()), Some(LOGIN_CHARS_MAX));
        assert_eq!((kept.message.as_str(), wallet.payments), ("linebreak", Vec::new()));
        let bare = result(answer(Status::Success, None), CODE_DONE.to_owned(), None);
        assert_eq!(bare.wallet, None);
    }

    #[test]
    fn the_number_of_a_card_is_kept_out_of_texts_and_numbers_are_left_alone() {
        // What is numbered looks so by chance.
        let (trade_no, payer_uid) = ("4111111111111111", "6212345678900000003");
        let named = Answer {
            trade_no: Some(trade_no.into()),
            payer_uid: Some(payer_uid.into()),
            payer_login: Some("Lin 4111 1111 1111 1111".into()),
            message: Some("paid with 4111-1111-1111-1111".into()),
            ..answer(Status::Success, None)
        };
        let kept = result(named, CODE_DONE.to_owned(), None);
        assert_eq!((kept.reference.as_deref(), kept.message.as_str()), (Some(trade_no), ""));
        let wallet = kept.wallet.unwrap();
        assert_eq!((wallet.payer_uid.as_deref(), wallet.payer_login), (Some(payer_uid), None));
    }

    #[test]
    fn parts_are_kept_when_they_add_up() {
        let two = || vec![part("HONGBAO_CHANNEL", 1), part("WALLET_ALIPAY", 100)];
        assert_eq!(parts(two(), Some(101)).len(), 2);
        assert_eq!(parts(two(), None).len(), 2);
        assert!(parts(two(), Some(100)).is_empty());
        assert!(parts(vec![part("", 1)], Some(1)).is_empty());
        assert!(parts(vec![part("A", 1); PARTS_COUNT_MAX + 1], None).is_empty());
    }

    #[test]
    fn only_what_can_be_shown_is_presented() {
        let shown = |qr_code: String, request: Option<String>| {
            let answer = answer(Status::Pending, None);
            let wap_pay_request = request.map(Into::into);
            heard(Answer { qr_code: Some(qr_code.into()), wap_pay_request, ..answer }, None)
        };
        assert!(matches!(shown("http://w/1".to_owned(), None), Ok(Said::Presented { .. })));
        assert_eq!(shown(String::new(), None), Err(Garbled::Presentation));
        assert_eq!(shown("x".repeat(129), None), Err(Garbled::Presentation));
        let long = Some("x".repeat(1025));
        assert_eq!(shown("x".to_owned(), long), Err(Garbled::Presentation));
        let accepted = heard(answer(Status::Pending, None), None);
        assert_eq!(accepted, Ok(Said::Outcome(Outcome::Accepted)));
    }
}
