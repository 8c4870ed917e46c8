//! The platform's calls to a channel: cards of a user, and the user by OAuth.
//!
//! The payload of a card is decrypted here, checked, encrypted again for whoever asked, and wiped;
//! it is never logged, kept, or handed on in clear (security.md section 7).

use std::sync::Arc;

use app::directory::DirectoryCell;
use app::ports::channel::{
    CardEntry, CardListQuestion, CardPayloadQuestion, RedeemQuestion, UserInfo,
};
use app::ports::{ChannelError, ChannelGateway, Clock, Ids, Sealer};
use async_trait::async_trait;
use dialect::time::stamp;
use dialect::ucsp::{card_entry, get_card_list, get_card_payload};
use domain::ids::{AppId, ChannelCode};
use domain::party::Channel;
use jiff::tz::TimeZone;
use jose::jwe::{self, Profile};
use jose::secret::Secret;
use wire::card_number::may_be_real;
use wire::ucsp::{
    CardPayload, Flat, FlatAnswer, GetCardList, GetCardPayload, ResponseCode, decode_flat_answer,
    decode_plain, encode_flat, encode_plain, message_id,
};
use wire::{Part, Request, Shape};
use zeroize::Zeroize;

use crate::limits::CHANNEL_LIMIT;
use crate::metered::{self, Stopwatch};
use crate::oauth;
use crate::partner::{Call, Partner, below};

/// The purpose under which a channel's client secret is sealed in the directory.
pub const OAUTH_SECRET: &str = "channel.oauth_secret";

/// Talks to channels over HTTP.
pub struct HttpChannelGateway {
    partner: Arc<Partner>,
    directory: Arc<DirectoryCell>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    sealer: Arc<dyn Sealer>,
    zone: TimeZone,
}

/// What a gateway needs.
pub struct ChannelGatewayParts {
    /// The signing client.
    pub partner: Arc<Partner>,
    /// The parties.
    pub directory: Arc<DirectoryCell>,
    /// Business time for the messages.
    pub clock: Arc<dyn Clock>,
    /// Numbers of messages.
    pub ids: Arc<dyn Ids>,
    /// Opens client secrets.
    pub sealer: Arc<dyn Sealer>,
    /// Zone of message times.
    pub default_zone: TimeZone,
}

impl HttpChannelGateway {
    /// A gateway over the signing client.
    #[must_use]
    pub fn new(parts: ChannelGatewayParts) -> Self {
        let ChannelGatewayParts { partner, directory, clock, ids, sealer, default_zone } = parts;
        Self { partner, directory, clock, ids, sealer, zone: default_zone }
    }

    fn channel(&self, code: &ChannelCode) -> Result<Channel, ChannelError> {
        let directory = self.directory.get();
        let channel = directory.channel(code).filter(|channel| channel.active);
        channel.cloned().ok_or_else(|| {
            ChannelError::NotSetUp(format!("channel {code} is not on record or not active"))
        })
    }

    /// Sends one flat message and reads the approved answer.
    async fn ask<T: Request>(
        &self,
        channel: &Channel,
        industry: &str,
        body: T,
    ) -> Result<FlatAnswer<T::Answer>, ChannelError> {
        let began = Stopwatch::start();
        let answer = self.exchange(channel, industry, body).await;
        metered::channel_called(T::MESSAGE.name, answer.is_ok(), began.elapsed());
        answer
    }

    async fn exchange<T: Request>(
        &self,
        channel: &Channel,
        industry: &str,
        body: T,
    ) -> Result<FlatAnswer<T::Answer>, ChannelError> {
        let path = T::MESSAGE.path(Shape::Flat).ok_or_else(|| {
            ChannelError::NotSetUp(format!("{} is no message to a channel", T::MESSAGE.name))
        })?;
        let stamp = stamp(self.clock.now(), &self.zone);
        let digits = self.ids.digits(6).parse().unwrap_or(0);
        let flat = Flat { msg_id: message_id(industry, &stamp, digits), body };
        let asked = flat.msg_id.clone();
        let call = Call {
            app: channel.app.clone(),
            url: below(&channel.base_url, path),
            body: encode_flat(&flat),
            header: true,
            limit: CHANNEL_LIMIT,
        };
        let unavailable = |error: String| ChannelError::Unavailable(error);
        let answer = self.partner.call(call).await;
        let answer = answer.map_err(|error| unavailable(error.to_string()))?;
        let answer = decode_flat_answer::<T>(&answer);
        let answer = answer.map_err(|faults| unavailable(faults.to_string()))?;
        // Its signature holds for whatever message the channel answered (ucsp.md section 2, msgID).
        if answer.msg_id != asked {
            return Err(unavailable("the answer is to another message: msgID".to_owned()));
        }
        judged(answer)
    }

    /// Whether an application is of the sandbox.
    fn in_sandbox(&self, app: &AppId) -> bool {
        self.directory.get().application(app).is_some_and(|known| known.sandbox)
    }

    /// Decrypts what the channel encrypted for the platform and encrypts it for the asker. In the
    /// sandbox, whichever of the two is in it, only test cards go through.
    async fn encrypt_again(
        &self,
        channel: &AppId,
        enc_data: String,
        asker: &AppId,
    ) -> Result<String, ChannelError> {
        let test_cards_only = self.in_sandbox(channel) || self.in_sandbox(asker);
        let (receiver, profile) =
            self.partner.keys().encryption_for(asker.as_str()).ok_or_else(|| {
                ChannelError::NotSetUp(format!("application {asker} has no encryption certificate"))
            })?;
        let keys = Arc::clone(self.partner.keys());
        let done = self.partner.crypto().run(move || {
            let allowed = [Profile::Rsa15A128CbcHs256, Profile::RsaOaep256A256Gcm];
            let plain = jwe::decrypt(&enc_data, |kid| keys.decryption(kid), &allowed);
            let plain = plain.map_err(|error| format!("encData: {error}"))?;
            let checked = checked_payload(&plain, test_cards_only)?;
            jwe::encrypt(checked.expose(), &receiver, profile).map_err(|error| error.to_string())
        });
        let done = done.await.unwrap_or_else(|| Err("the decryption failed".to_owned()));
        done.map_err(ChannelError::Unavailable)
    }
}

/// The answer, if it is approved. Only what says that a right is missing or a rule is broken is the
/// channel's refusal (ucsp.md section 8.4); all else says that the channel has trouble.
fn judged<A>(answer: FlatAnswer<A>) -> Result<FlatAnswer<A>, ChannelError> {
    let said = answer.msg_response.code();
    let (code, message) = match said {
        Some(ResponseCode::Approved) => return Ok(answer),
        Some(_) | None => (answer.msg_response.response_code, answer.msg_response.response_msg),
    };
    match said {
        Some(
            ResponseCode::TransactionFail
            | ResponseCode::MessageFormatInvalid
            | ResponseCode::OrderNotFound
            | ResponseCode::OrderInfoIncorrect,
        ) => Err(ChannelError::Refused { code, message }),
        Some(
            ResponseCode::Approved
            | ResponseCode::Accepted
            | ResponseCode::SignatureVerificationFails
            | ResponseCode::CommonError,
        )
        | None => Err(ChannelError::Unavailable(format!("it answered {code} {message}"))),
    }
}

/// The declared members of the payload, written anew; the clear text read on the way is wiped.
/// Errors name members, never values.
fn checked_payload(
    plain: &Secret<Vec<u8>>,
    test_cards_only: bool,
) -> Result<Secret<Vec<u8>>, String> {
    let mut payload: CardPayload =
        decode_plain(plain.expose(), "encData").map_err(|faults| faults.to_string())?;
    let real = if test_cards_only { real_number(&payload) } else { None };
    let written = Secret::new(encode_plain(&payload));
    wipe(&mut payload);
    match real {
        Some(member) => Err(format!("encData.{member} is not of a test range of the sandbox")),
        None => Ok(written),
    }
}

/// The member that holds what could be the number of somebody's card (security.md section 7).
fn real_number(payload: &CardPayload) -> Option<&'static str> {
    let real = |number: &Option<String>| number.as_deref().is_some_and(may_be_real);
    let tables = [("pan", real(&payload.pan)), ("token", real(&payload.token))];
    tables.into_iter().find_map(|(member, real)| real.then_some(member))
}

fn wipe(payload: &mut CardPayload) {
    payload.pan.zeroize();
    payload.token.zeroize();
    payload.expiry_date.zeroize();
    payload.cardholder_name.zeroize();
    payload.mobile.zeroize();
    payload.cvm.zeroize();
    debug_assert!(CardPayload::TABLE.fields.iter().all(|row| payload.text(row.id).is_none()));
}

#[async_trait]
impl ChannelGateway for HttpChannelGateway {
    async fn card_list(&self, question: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError> {
        let channel = self.channel(&question.channel)?;
        let body: GetCardList = get_card_list(question);
        let answer = self.ask(&channel, &question.industry, body).await?;
        let cards = answer.body.card_list.into_iter().flatten();
        Ok(cards.map(card_entry).collect())
    }

    async fn card_payload(&self, question: &CardPayloadQuestion) -> Result<String, ChannelError> {
        let channel = self.channel(&question.channel)?;
        let body: GetCardPayload = get_card_payload(question);
        let answer = self.ask(&channel, &question.industry, body).await?.body;
        let unavailable = |reason: &str| ChannelError::Unavailable(reason.to_owned());
        if !answer.card_id.is_empty() && answer.card_id != question.card.as_str() {
            return Err(unavailable("the answer is about another card"));
        }
        let enc_data = answer.enc_data.ok_or_else(|| unavailable("encData is missing"))?;
        self.encrypt_again(&channel.app, enc_data, &question.asker).await
    }

    async fn redeem(&self, question: &RedeemQuestion) -> Result<UserInfo, ChannelError> {
        let channel = self.channel(&question.channel)?;
        let client = channel.oauth.as_ref().ok_or_else(|| {
            ChannelError::NotSetUp(format!("channel {} offers no authorization", channel.code))
        })?;
        let secret = self.sealer.open(OAUTH_SECRET, &client.client_secret_sealed);
        let secret = secret.map(Secret::new).ok_or_else(|| {
            ChannelError::NotSetUp(format!("channel {}: the secret cannot be opened", channel.code))
        })?;
        let began = Stopwatch::start();
        let user = oauth::redeem(self.partner.client(), client, &secret, question).await;
        metered::channel_called("oauth", user.is_ok(), began.elapsed());
        user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_members_of_a_payload_go_on() {
        let plain = br#"{"pan":"6250946000000016","expiryDate":"2912","secretExtra":"x"}"#;
        let written = checked_payload(&Secret::new(plain.to_vec()), true).expect("a payload");
        let text = String::from_utf8(written.expose().clone()).expect("UTF-8");
        assert_eq!(text, r#"{"pan":"6250946000000016","expiryDate":"2912"}"#);
    }

    #[test]
    fn the_sandbox_lets_no_number_through_that_could_be_somebodys() {
        for member in ["pan", "token"] {
            let plain = format!(r#"{{"{member}":"4111111111111111","expiryDate":"2912"}}"#);
            let plain = Secret::new(plain.into_bytes());
            let error = checked_payload(&plain, true).err().expect("a real range");
            assert!(error.contains(member) && !error.contains("4111"), "{error}");
            assert!(checked_payload(&plain, false).is_ok(), "production carries real cards");
        }
    }

    #[test]
    fn a_payload_of_another_shape_is_refused_without_its_values() {
        let plain = br#"{"pan":"62509460000000160000000","expiryDate":"2912"}"#;
        let error = checked_payload(&Secret::new(plain.to_vec()), true).err().expect("a fault");
        assert!(error.contains("encData.pan") && !error.contains("6250"), "{error}");
    }
}
