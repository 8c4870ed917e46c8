//! What a channel calls.

use wire::ucsp::{
    CHANNEL_LOGIN_INFO, ChannelLoginInfo, ChannelUserData, Flat, ResponseCode, decode_flat_answer,
    encode_flat, encode_plain,
};
use wire::{Request, Shape};

use crate::error::CallError;
use crate::partner::{Partner, unverified};

/// The calls of a channel (a bank or wallet app).
#[derive(Clone)]
pub struct ChannelClient {
    partner: Partner,
}

/// A user who shall be handed over to a service. Ask for the user's consent first.
#[derive(Debug, Clone, Default)]
pub struct ChannelLogin {
    /// The service, 8 characters.
    pub industry_code: String,
    /// The user as the channel knows them, 1 to 64 characters.
    pub user_id: String,
    /// Name of the channel, up to 50 characters.
    pub channel_name: Option<String>,
    /// 0 mobile app, 1 website, 2 other.
    pub client_type: Option<String>,
    /// `en-GB`, `zh-CN`.
    pub language: Option<String>,
    /// Sensitive members; they travel encrypted. [`ChannelUserData::default`] sends none.
    pub user_data: ChannelUserData,
}

impl ChannelClient {
    /// A client for this partner.
    #[must_use]
    pub const fn new(partner: Partner) -> Self {
        Self { partner }
    }

    /// The partner behind it, for the receiving side.
    #[must_use]
    pub const fn partner(&self) -> &Partner {
        &self.partner
    }

    /// CHANNEL_LOGIN_INFO: the address that the app opens for its user, good once.
    ///
    /// # Errors
    /// [`CallError::Refused`] with 36 when the service is unknown or not opened for this
    /// channel; else as the variants say. Sending again is always safe.
    pub async fn channel_login_info(&self, login: &ChannelLogin) -> Result<String, CallError> {
        let body = self.message(login)?;
        let message = Flat { msg_id: self.partner.fresh_message_id(&login.industry_code), body };
        let path = CHANNEL_LOGIN_INFO.path(Shape::Flat).unwrap_or_default();
        let answer = self.exchange(path, &message).await?;
        answer.industry_url.ok_or_else(|| unverified(200, "industryUrl is missing beside code 00"))
    }

    fn message(&self, login: &ChannelLogin) -> Result<ChannelLoginInfo, CallError> {
        let sensitive = &login.user_data;
        let enc_data = if *sensitive == ChannelUserData::default() {
            None
        } else {
            let sealed = self.partner.seal(&encode_plain(sensitive));
            Some(sealed.map_err(|error| CallError::Prepare { reason: error.to_string() })?)
        };
        Ok(ChannelLoginInfo {
            channel_code: self.partner.config().code.clone(),
            channel_name: login.channel_name.clone(),
            client_type: login.client_type.clone(),
            industry_code: login.industry_code.clone(),
            user_id: login.user_id.clone(),
            language: login.language.clone(),
            enc_data,
            ..ChannelLoginInfo::default()
        })
    }

    async fn exchange<T: Request>(
        &self,
        path: &str,
        message: &Flat<T>,
    ) -> Result<T::Answer, CallError> {
        let response = self.partner.post(path, encode_flat(message), true, None).await?;
        self.partner.check_header(&response)?;
        let answer = decode_flat_answer::<T>(&response.body)
            .map_err(|faults| unverified(response.status, faults.to_string()))?;
        if answer.msg_id != message.msg_id {
            return Err(unverified(response.status, "it answers another message"));
        }
        match answer.msg_response.code() {
            Some(ResponseCode::Approved) => Ok(answer.body),
            Some(_) | None => Err(CallError::Refused { response: answer.msg_response }),
        }
    }
}
