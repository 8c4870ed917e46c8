//! Cards of the user: the list, and the payload of one card. Both legs share one declaration.

use super::rows::{
    CARD_ID, CARD_TYPE, CHANNEL_CODE, INDUSTRY_CODE, ISSUER_NAME, MASKED_PAN, MOBILE, ORDER_ID,
    TXN_TIME, USER_ID,
};
use crate::class::Class::{An, Ans, N};
use crate::field::{Condition, Field, objects, sealed_object, text};
use crate::form::Form;
use crate::message::Leg;
use crate::part::{message, part, presence, slot};

/// Numbers of cards and tokens.
const PAN: Field = text("PAN", N, 12, 19).secret().eg("6233000000000060");

part! {
    /// Request of `GET_CARD_LIST`.
    GetCardList {
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        industry_code "industryCode" M (INDUSTRY_CODE);
        order_id "orderId" O (ORDER_ID.note("The order that the cards are asked for"));
        txn_time "txnTime" O (TXN_TIME.note("Time of that order"));
        card_type "cardType" O (CARD_TYPE.note("Only cards of this kind"));
    }
}

part! {
    /// A card in [`GetCardListAnswer`].
    Card {
        card_id "cardId" M (CARD_ID);
        masked_pan "maskedPan" M (MASKED_PAN);
        card_type "cardType" O (CARD_TYPE);
        issuer_name "issuerName" O (ISSUER_NAME);
        issuer_iin "issuerIIN" O (text("Issuer IIN", An, 8, 8).eg("00010344"));
        card_face_url "cardFaceUrl" O (text("Card Face Address", Ans, 1, 512).form(Form::Url)
            .eg("https://harbour.example/face/1.png"));
        default_flag "defaultFlag" O (text("Default Flag", N, 1, 1)
            .values(&[("0", "another card is the default"), ("1", "the user's default card")])
            .eg("1"));
    }
}

part! {
    /// Answer of `GET_CARD_LIST`.
    GetCardListAnswer {
        card_list "cardList" C [Card] (objects("Card List", 0, 20).on_approval()
            .note("On 00; empty if the user has no eligible card"));
    }
}

message! {
    /// The user's eligible cards.
    GET_CARD_LIST: GetCardList => GetCardListAnswer, D, "Card list",
    "The service, or the cashier, asks for the user's eligible cards; the platform asks the \
     channel. Masked numbers and card identifiers come back.",
    [Leg::industry("/ucsp/industry/v1/getcardlist"), Leg::to_channel("/ucsp/v1/getcardlist")]
}

part! {
    /// Request of `GET_CARD_PAYLOAD`.
    GetCardPayload {
        channel_code "channelCode" M (CHANNEL_CODE);
        user_id "userId" M (USER_ID);
        industry_code "industryCode" M (INDUSTRY_CODE);
        card_id "cardId" M (CARD_ID);
        purpose "purpose" O (text("Purpose", N, 1, 1)
            .values(&[("1", "payment"), ("2", "binding"), ("3", "other")]).eg("1"));
    }
}

part! {
    /// Plaintext of `encData` in [`GetCardPayloadAnswer`]. Never logged, never stored.
    CardPayload where [Condition::Either { either: "pan", or: &["token"] }] {
        pan "pan" C (PAN.note("The number itself, or else token"));
        token "token" C (PAN.named("Token").note("Stands for pan").eg(""));
        expiry_date "expiryDate" M (text("Expiry Date", Ans, 4, 4).form(Form::YearMonth).secret()
            .note("YYMM").eg("2912"));
        cardholder_name "cardholderName" O (text("Cardholder Name", Ans, 1, 64).secret()
            .eg("ANN EXAMPLE"));
        mobile "mobile" O (MOBILE);
        cvm "cvm" O (text("Cardholder Verification", Ans, 1, 32).secret()
            .note("How the channel verified the user").eg("PIN"));
    }
}

part! {
    /// Answer of `GET_CARD_PAYLOAD`.
    GetCardPayloadAnswer {
        card_id "cardId" R (CARD_ID);
        enc_data "encData" C (sealed_object("Encrypted Data", CardPayload::TABLE).on_approval()
            .note("On 00: JWE for the asker; the platform encrypts anew for the service"));
    }
}

message! {
    /// The payload of one card.
    GET_CARD_PAYLOAD: GetCardPayload => GetCardPayloadAnswer, D, "Card payload",
    "The service, or the cashier, asks for the payload of the card that the user chose; number or \
     token and expiry come back encrypted for the asker.",
    [Leg::industry("/ucsp/industry/v1/getcardpayload"), Leg::to_channel("/ucsp/v1/getcardpayload")]
}
