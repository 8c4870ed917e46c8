//! GET_CARD_LIST and GET_CARD_PAYLOAD for an industry service.

use domain::ids::{CardId, ChannelCode, UserId};
use jiff::SignedDuration;

use super::login::{add_consent, consent};
use super::pay_order::channel_failed;
use super::rights::opened;
use crate::caller::Caller;
use crate::platform::Platform;
use crate::ports::channel::{CardEntry, CardListQuestion, CardPayloadQuestion, ChannelError};
use crate::refusal::Refusal;

/// What GET_CARD_PAYLOAD asks for.
#[derive(Debug, Clone)]
pub struct CardPayloadRequest {
    /// `channelCode`.
    pub channel: ChannelCode,
    /// `userId`.
    pub user: UserId,
    /// `cardId`.
    pub card: CardId,
    /// `purpose`.
    pub purpose: Option<String>,
}

/// The cards of a user, for a service that the user was handed over to.
///
/// # Errors
/// A [`Refusal`].
pub async fn list_cards(
    platform: &Platform,
    caller: &Caller,
    question: CardListQuestion,
) -> Result<Vec<CardEntry>, Refusal> {
    allowed(platform, caller, &question.channel, &question.user).await?;
    let cards = platform.channels.card_list(&question).await.map_err(|no| refused("userId", no))?;
    disclosed(platform, caller, &question.channel, &question.user, "cardList").await?;
    Ok(cards)
}

/// One card of a user, encrypted for the caller.
///
/// # Errors
/// A [`Refusal`].
pub async fn card_payload(
    platform: &Platform,
    caller: &Caller,
    request: CardPayloadRequest,
) -> Result<String, Refusal> {
    allowed(platform, caller, &request.channel, &request.user).await?;
    let question = CardPayloadQuestion {
        channel: request.channel.clone(),
        user: request.user.clone(),
        industry: caller.industry()?.to_string(),
        card: request.card,
        purpose: request.purpose,
        asker: caller.app.clone(),
    };
    let payload = platform.channels.card_payload(&question).await;
    let payload = payload.map_err(|no| refused("cardId", no))?;
    disclosed(platform, caller, &request.channel, &request.user, "cardPayload").await?;
    Ok(payload)
}

/// The channel does not know what the field names, or does not give it out.
fn refused(field: &'static str, error: ChannelError) -> Refusal {
    match error {
        ChannelError::Refused { code, message } => {
            Refusal::no_right(field, format!("the channel refused: {code} {message}"))
        }
        other @ (ChannelError::Unavailable(_) | ChannelError::NotSetUp(_)) => channel_failed(other),
    }
}

/// The pair is opened, and where the service's setting says so the user was handed over to it
/// recently (ucsp.md section 8.9).
async fn allowed(
    platform: &Platform,
    caller: &Caller,
    channel: &ChannelCode,
    user: &UserId,
) -> Result<(), Refusal> {
    let industry = caller.industry()?;
    let directory = platform.directory.get();
    opened(&directory, channel, industry, "channelCode")?;
    let within = directory.industry(industry).and_then(|i| i.cards_within_hours);
    let Some(hours) = within else { return Ok(()) };
    let known = consent(platform, channel, user, industry).await?;
    let age = known.map(|c| platform.clock.now().duration_since(c.value.last_at));
    if age.is_some_and(|age| age <= SignedDuration::from_hours(i64::from(hours))) {
        Ok(())
    } else {
        Err(Refusal::no_right("userId", "not handed over to this service recently"))
    }
}

async fn disclosed(
    platform: &Platform,
    caller: &Caller,
    channel: &ChannelCode,
    user: &UserId,
    member: &'static str,
) -> Result<(), Refusal> {
    let industry = caller.industry()?;
    let known = consent(platform, channel, user, industry).await?;
    if known.is_some_and(|c| c.value.members.iter().any(|m| m == member)) {
        return Ok(());
    }
    add_consent(platform, channel, user, industry, &[member]).await
}
