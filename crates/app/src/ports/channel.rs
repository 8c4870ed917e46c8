//! The channel of a user: cards, and the user's particulars by OAuth.

use async_trait::async_trait;
use domain::ids::{AppId, CardId, ChannelCode, UserId};

/// How the platform talks to a channel.
#[async_trait]
pub trait ChannelGateway: Send + Sync + 'static {
    /// GET_CARD_LIST: the eligible cards of a user, at most 20.
    async fn card_list(&self, question: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError>;

    /// GET_CARD_PAYLOAD: one card, decrypted from the channel and encrypted again for the asker.
    /// The clear text never leaves the gateway.
    async fn card_payload(&self, question: &CardPayloadQuestion) -> Result<String, ChannelError>;

    /// OAuth 2.0: changes an authorization code into the user's particulars.
    async fn redeem(&self, question: &RedeemQuestion) -> Result<UserInfo, ChannelError>;
}

/// What GET_CARD_LIST asks.
#[derive(Debug, Clone)]
pub struct CardListQuestion {
    /// The channel that is asked.
    pub channel: ChannelCode,
    /// Its user.
    pub user: UserId,
    /// `industryCode` on whose behalf.
    pub industry: String,
    /// `cardType` 1, 2 or 3.
    pub card_type: Option<String>,
    /// `orderId` and `txnTime`, if it is for an order.
    pub reference: Option<domain::ids::Reference>,
}

/// One card of the list, without a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardEntry {
    /// `cardId`, `maskedPan`, `cardType`, `issuerName`.
    pub card: domain::order::Card,
    /// `issuerIIN`.
    pub issuer_iin: Option<String>,
    /// `cardFaceUrl`.
    pub card_face_url: Option<String>,
    /// `defaultFlag`.
    pub default_flag: Option<String>,
}

/// What GET_CARD_PAYLOAD asks.
#[derive(Debug, Clone)]
pub struct CardPayloadQuestion {
    /// The channel that is asked.
    pub channel: ChannelCode,
    /// Its user.
    pub user: UserId,
    /// `industryCode` on whose behalf.
    pub industry: String,
    /// The card.
    pub card: CardId,
    /// `purpose` 1, 2 or 3.
    pub purpose: Option<String>,
    /// The application that the answer is encrypted for.
    pub asker: AppId,
}

/// What the OAuth redemption asks.
#[derive(Clone)]
pub struct RedeemQuestion {
    /// The channel that gave the code.
    pub channel: ChannelCode,
    /// The authorization code.
    pub code: String,
    /// The PKCE verifier.
    pub verifier: String,
    /// The redirect address that was used.
    pub redirect_uri: String,
}

/// What the channel says of its user.
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// `user_id`.
    pub user: UserId,
    /// `mobile`.
    pub mobile: Option<String>,
    /// `email`.
    pub email: Option<String>,
}

/// The channel could not be asked or did not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The channel answered with a code other than 00.
    #[error("the channel refused with {code}: {message}")]
    Refused {
        /// Its `responseCode`.
        code: String,
        /// Its message.
        message: String,
    },
    /// No answer, not in time, not signed, not of the published shape.
    #[error("the channel did not give a valid answer: {0}")]
    Unavailable(String),
    /// There is no such channel, or it has no address for this.
    #[error("the channel is not set up for this: {0}")]
    NotSetUp(String),
}
