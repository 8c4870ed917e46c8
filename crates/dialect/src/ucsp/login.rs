//! The authorized login: the channel's message to the command, the hand-over to the message that
//! the service gets.

use app::records::LoginExtras;
use app::use_cases::{ChannelLogin, Handover};
use domain::ids::{ChannelCode, IndustryCode, UserId};
use wire::ucsp::{ChannelLoginInfo, ChannelUserData, IndustryLoginInfo};

/// The command that CHANNEL_LOGIN_INFO asks for; `data` is what its `encData` held.
#[must_use]
pub fn channel_login(message: &ChannelLoginInfo, data: Option<ChannelUserData>) -> ChannelLogin {
    let data = data.unwrap_or_default();
    ChannelLogin {
        channel: ChannelCode::new(&message.channel_code),
        industry: IndustryCode::new(&message.industry_code),
        user: UserId::new(&message.user_id),
        mobile: data.mobile,
        email: data.email,
        extras: LoginExtras {
            language: message.language.clone(),
            client_type: message.client_type.clone(),
            longitude: message.longitude.clone(),
            latitude: message.latitude.clone(),
        },
    }
}

/// `trxInfo` of INDUSTRY_LOGIN_INFO; `mobile_jwe` is the user's mobile, encrypted for the service
/// (ucsp.md section 8.9).
#[must_use]
pub fn industry_login_info(handover: &Handover, mobile_jwe: String) -> IndustryLoginInfo {
    let extras = &handover.extras;
    IndustryLoginInfo {
        channel_code: handover.channel.to_string(),
        mobile: mobile_jwe,
        user_id: handover.user.to_string(),
        language: extras.language.clone(),
        client_type: extras.client_type.clone(),
        longitude: extras.longitude.clone(),
        latitude: extras.latitude.clone(),
    }
}
