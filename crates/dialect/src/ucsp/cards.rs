//! Card lists and card payloads: the service's question to the command, the platform's question
//! to the channel, and the channel's list back. No number of a card passes here.

use app::ports::channel::{CardEntry, CardListQuestion, CardPayloadQuestion};
use domain::ids::{CardId, ChannelCode, UserId};
use wire::ucsp::{Card, GetCardList, GetCardListAnswer, GetCardPayload};

use super::submit::reference;

/// What a service's GET_CARD_LIST asks.
#[must_use]
pub fn card_list_question(message: &GetCardList) -> CardListQuestion {
    let key = message.order_id.as_ref().zip(message.txn_time.as_ref());
    CardListQuestion {
        channel: ChannelCode::new(&message.channel_code),
        user: UserId::new(&message.user_id),
        industry: message.industry_code.clone(),
        card_type: message.card_type.clone(),
        reference: key.map(|(order_id, txn_time)| reference(order_id, txn_time)),
    }
}

/// The platform's GET_CARD_LIST to the channel.
#[must_use]
pub fn get_card_list(question: &CardListQuestion) -> GetCardList {
    let key = question.reference.as_ref();
    GetCardList {
        channel_code: question.channel.to_string(),
        user_id: question.user.to_string(),
        industry_code: question.industry.clone(),
        order_id: key.map(|key| key.order_id.to_string()),
        txn_time: key.map(|key| key.txn_time.to_string()),
        card_type: question.card_type.clone(),
    }
}

/// The platform's GET_CARD_PAYLOAD to the channel.
#[must_use]
pub fn get_card_payload(question: &CardPayloadQuestion) -> GetCardPayload {
    GetCardPayload {
        channel_code: question.channel.to_string(),
        user_id: question.user.to_string(),
        industry_code: question.industry.clone(),
        card_id: question.card.to_string(),
        purpose: question.purpose.clone(),
    }
}

/// One card of the channel's list.
#[must_use]
pub fn card_entry(card: Card) -> CardEntry {
    CardEntry {
        card: domain::order::Card {
            id: CardId::new(card.card_id),
            masked_pan: card.masked_pan,
            card_type: card.card_type,
            issuer: card.issuer_name,
        },
        issuer_iin: card.issuer_iin,
        card_face_url: card.card_face_url,
        default_flag: card.default_flag,
    }
}

/// The answer to the service.
#[must_use]
pub fn card_list_answer(entries: Vec<CardEntry>) -> GetCardListAnswer {
    let cards = entries.into_iter().map(|entry| Card {
        card_id: entry.card.id.to_string(),
        masked_pan: entry.card.masked_pan,
        card_type: entry.card.card_type,
        issuer_name: entry.card.issuer,
        issuer_iin: entry.issuer_iin,
        card_face_url: entry.card_face_url,
        default_flag: entry.default_flag,
    });
    GetCardListAnswer { card_list: Some(cards.collect()) }
}
