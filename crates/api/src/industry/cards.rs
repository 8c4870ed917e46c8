//! GET_CARD_LIST and GET_CARD_PAYLOAD. The payload passes through encrypted.

use std::sync::Arc;

use app::use_cases::{self, CardPayloadRequest};
use app::{Refusal, use_cases::card_payload};
use axum::extract::State;
use axum::response::Response;
use dialect::ucsp;
use domain::ids::{CardId, ChannelCode, UserId};
use wire::ucsp::{GetCardList, GetCardListAnswer, GetCardPayload, GetCardPayloadAnswer};

use crate::gateway::{Answered, IndustryCaller, Received, Verified};
use crate::shared::Shared;

/// The service asks for the cards of a user.
pub(super) async fn get_card_list(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, list).await
}

async fn list(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: GetCardList,
) -> Result<Answered<GetCardListAnswer>, Refusal> {
    let question = ucsp::card_list_question(&message);
    let cards = use_cases::list_cards(&shared.platform, &service.caller, question).await?;
    Ok(Answered::approved(ucsp::card_list_answer(cards)))
}

/// The service asks for the payload of one card.
pub(super) async fn get_card_payload(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, payload).await
}

async fn payload(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: GetCardPayload,
) -> Result<Answered<GetCardPayloadAnswer>, Refusal> {
    let request = CardPayloadRequest {
        channel: ChannelCode::new(message.channel_code),
        user: UserId::new(message.user_id),
        card: CardId::new(&message.card_id),
        purpose: message.purpose,
    };
    let jwe = card_payload(&shared.platform, &service.caller, request).await?;
    Ok(Answered::approved(GetCardPayloadAnswer { card_id: message.card_id, enc_data: Some(jwe) }))
}
