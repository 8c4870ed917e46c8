//! What the platform calls at a channel: cards, notices, and the debit messages that are not
//! offered yet.

use std::sync::{MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use jiff::Timestamp;
use sdk::Incoming;
use serde::{Deserialize, Serialize};
use wire::Request;
use wire::ucsp::{
    AutoDebitClose, AutoDebitPay, AutoDebitSign, Card, CardPayload, GetCardList, GetCardListAnswer,
    GetCardPayload, GetCardPayloadAnswer, MsgResponse, NoMembers, PaymentResultNotice,
    ResponseCode, encode_plain,
};

use super::account::TestCard;
use super::pages::PaymentRow;
use super::{Bank, Shared};
use crate::limits::NOTICES_KEPT_MAX;
use crate::reply::{Answered, Refused, sent};
use crate::web::{Lang, money, time};

/// A result that the platform told, as far as the payments page shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Noted {
    query_id: String,
    txn_type: String,
    user_id: String,
    order_id: String,
    amount_minor: u64,
    currency_code: String,
    success: bool,
    message: String,
    masked_pan: Option<String>,
    /// Business time of the first notice.
    at: Timestamp,
    /// How often it was told.
    count: u32,
}

impl Noted {
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.query_id, self.txn_type)
    }
}

impl Bank {
    pub(super) fn notices(&self) -> MutexGuard<'_, Vec<Noted>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest payments of a user.
    pub(super) fn payments_of(&self, user_id: &str, l: Lang, shown: usize) -> Vec<PaymentRow> {
        let row = |noted: &Noted| PaymentRow {
            title: match noted.txn_type.as_str() {
                "01" => l.t("Payment", "付款"),
                "04" => l.t("Refund", "退款"),
                "31" => l.t("Cancellation", "撤销"),
                _ => l.t("Transaction", "交易"),
            }
            .to_owned(),
            amount: money(noted.amount_minor, &noted.currency_code),
            incoming: noted.txn_type != "01",
            success: noted.success,
            message: noted.message.clone(),
            masked_pan: noted.masked_pan.clone(),
            order_id: noted.order_id.clone(),
            at: self.shown_time(noted.at, l),
            count: noted.count,
        };
        let notices = self.notices();
        notices.iter().rev().filter(|noted| noted.user_id == user_id).take(shown).map(row).collect()
    }

    /// A time in the zone of the bank's messages.
    pub(super) fn shown_time(&self, at: Timestamp, l: Lang) -> String {
        time(at, &self.partner.config().zone, l)
    }

    fn note(&self, notice: &PaymentResultNotice) {
        let mut notices = self.notices();
        let first = self.notice_keys.first(notice);
        let known = notices
            .iter_mut()
            .find(|one| one.query_id == notice.query_id && one.txn_type == notice.txn_type);
        if let Some(known) = known {
            known.count += 1;
            self.notice_journal.append(known);
            return;
        }
        if !first {
            return;
        }
        let noted = Noted {
            query_id: notice.query_id.clone(),
            txn_type: notice.txn_type.clone(),
            user_id: notice.user_id.clone(),
            order_id: notice.order_id.clone(),
            amount_minor: notice.txn_amt.parse().unwrap_or(0),
            currency_code: notice.currency_code.clone(),
            success: notice.txn_status == "SUCCESS",
            message: notice.orig_resp_msg.clone(),
            masked_pan: notice.masked_pan.clone(),
            at: self.clock.now(),
            count: 1,
        };
        self.notice_journal.append(&noted);
        notices.push(noted);
        if notices.len() > NOTICES_KEPT_MAX {
            notices.remove(0);
        }
    }

    /// The user of a question, or the refusal: 36 when the question is not for this channel.
    fn asked_about(
        &self,
        channel_code: &str,
        user_id: &str,
    ) -> Result<&super::Account, MsgResponse> {
        let wrong = |detail| MsgResponse::detailed(ResponseCode::OrderInfoIncorrect, detail);
        if channel_code != self.partner.config().code {
            return Err(wrong("channelCode is another channel's"));
        }
        self.account(user_id).ok_or_else(|| wrong("userId is no user of this channel"))
    }
}

fn card_of(index: usize, card: &TestCard, bank: &Bank) -> Card {
    Card {
        card_id: card.card_id.clone(),
        masked_pan: card.masked_pan.clone(),
        card_type: Some(card.kind.code().to_owned()),
        issuer_name: Some(bank.brand.name().to_owned()),
        default_flag: Some(if index == 0 { "1" } else { "0" }.to_owned()),
        ..Card::default()
    }
}

pub(super) async fn card_list(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let call = Incoming { headers: &headers, path: uri.path(), body: &body };
    let question = bank.partner.receive_flat::<GetCardList>(&call)?;
    let account = match bank.asked_about(&question.body.channel_code, &question.body.user_id) {
        Ok(account) => account,
        Err(response) => return Ok(sent(bank.partner.refuse_flat(&question, response))),
    };
    let wanted = question.body.card_type.as_deref();
    let fits = |(_, card): &(usize, &TestCard)| wanted.is_none_or(|one| one == card.kind.code());
    let cards = account.cards.iter().enumerate().filter(fits);
    let cards = cards.map(|(index, card)| card_of(index, card, &bank)).collect();
    let answer = GetCardListAnswer { card_list: Some(cards) };
    let approved = MsgResponse::of(ResponseCode::Approved);
    Ok(sent(bank.partner.answer_flat(&question, answer, approved)))
}

pub(super) async fn card_payload(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let call = Incoming { headers: &headers, path: uri.path(), body: &body };
    let question = bank.partner.receive_flat::<GetCardPayload>(&call)?;
    let refused = |response| Ok(sent(bank.partner.refuse_flat(&question, response)));
    let account = match bank.asked_about(&question.body.channel_code, &question.body.user_id) {
        Ok(account) => account,
        Err(response) => return refused(response),
    };
    let card = account.cards.iter().find(|card| card.card_id == question.body.card_id);
    let Some(card) = card else {
        let code = ResponseCode::OrderInfoIncorrect;
        return refused(MsgResponse::detailed(code, "cardId is no card of this user"));
    };
    let payload = CardPayload {
        pan: Some(card.pan.clone()),
        expiry_date: card.expiry_date.to_owned(),
        cardholder_name: Some(account.user.name.to_uppercase()),
        mobile: Some(account.user.mobile.clone()),
        cvm: Some("PIN".to_owned()),
        ..CardPayload::default()
    };
    let Ok(sealed) = bank.partner.seal(&encode_plain(&payload)) else {
        return refused(MsgResponse::of(ResponseCode::CommonError));
    };
    let answer = GetCardPayloadAnswer { card_id: card.card_id.clone(), enc_data: Some(sealed) };
    let approved = MsgResponse::of(ResponseCode::Approved);
    Ok(sent(bank.partner.answer_flat(&question, answer, approved)))
}

pub(super) async fn notice(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let call = Incoming { headers: &headers, path: uri.path(), body: &body };
    let notice = bank.partner.receive_flat::<PaymentResultNotice>(&call)?;
    if let Err(response) = bank.asked_about(&notice.body.channel_code, &notice.body.user_id) {
        return Ok(sent(bank.partner.refuse_flat(&notice, response)));
    }
    bank.note(&notice.body);
    let approved = MsgResponse::of(ResponseCode::Approved);
    Ok(sent(bank.partner.answer_flat(&notice, NoMembers, approved)))
}

/// A debit message: verified, read, and refused with 36 until debits are offered.
fn not_offered<T: Request>(
    bank: &Bank,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Refused> {
    let call = Incoming { headers, path: uri.path(), body };
    let question = bank.partner.receive_flat::<T>(&call)?;
    let code = ResponseCode::OrderInfoIncorrect;
    let response = MsgResponse::detailed(code, "auto-debit is not offered by this channel yet");
    Ok(sent(bank.partner.refuse_flat(&question, response)))
}

pub(super) async fn auto_debit_sign(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    not_offered::<AutoDebitSign>(&bank, &uri, &headers, &body)
}

pub(super) async fn auto_debit_close(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    not_offered::<AutoDebitClose>(&bank, &uri, &headers, &body)
}

pub(super) async fn auto_debit_pay(
    State(bank): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    not_offered::<AutoDebitPay>(&bank, &uri, &headers, &body)
}
