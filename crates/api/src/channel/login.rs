//! CHANNEL_LOGIN_INFO.

use std::sync::Arc;

use app::{Refusal, use_cases};
use axum::extract::State;
use axum::response::Response;
use dialect::ucsp;
use domain::party::EncryptionProfile;
use jose::jwe::{Profile, decrypt};
use wire::ucsp::{ChannelLoginInfo, ChannelLoginInfoAnswer, ChannelUserData, decode_plain};

use crate::gateway::{Answered, ChannelCaller, Received, Verified};
use crate::shared::Shared;

/// The channel asks to open a service for its user.
pub(super) async fn channel_login_info(
    State(shared): State<Arc<Shared>>,
    received: Received<ChannelCaller>,
) -> Response {
    received.flat(shared, login).await
}

async fn login(
    shared: Arc<Shared>,
    channel: Verified<ChannelCaller>,
    message: ChannelLoginInfo,
) -> Result<Answered<ChannelLoginInfoAnswer>, Refusal> {
    let data = match message.enc_data.clone() {
        Some(jwe) => Some(open(&shared, &channel, jwe).await?),
        None => None,
    };
    let input = ucsp::channel_login(&message, data);
    let url = use_cases::channel_login(&shared.platform, &channel.caller, input).await?;
    Ok(Answered::approved(ChannelLoginInfoAnswer {
        channel_code: message.channel_code,
        industry_code: message.industry_code,
        industry_url: Some(url),
    }))
}

/// Check 13: opens `encData` with the platform's key. One answer for whatever is wrong with it.
async fn open(
    shared: &Arc<Shared>,
    channel: &Verified<ChannelCaller>,
    jwe: String,
) -> Result<ChannelUserData, Refusal> {
    let allowed: &'static [Profile] = match channel.encryption {
        EncryptionProfile::Rsa15 => &[Profile::Rsa15A128CbcHs256],
        EncryptionProfile::RsaOaep256 => &[Profile::Rsa15A128CbcHs256, Profile::RsaOaep256A256Gcm],
    };
    let keys = Arc::clone(&shared.keys);
    let job = move || decrypt(&jwe, |kid| keys.decryption(kid), allowed);
    let opened = shared.crypto.run(&channel.place, job).await.map_err(|_| Refusal::Overloaded)?;
    let closed = |_| Refusal::Invalid {
        field: "encData",
        rule: "cannot be opened with the platform's encryption key".to_owned(),
    };
    let plain = opened.map_err(closed)?;
    let faulty = |faults: wire::Faults| Refusal::Invalid {
        field: "encData",
        rule: format!("does not hold what it should: {}", faults.detail()),
    };
    decode_plain(plain.expose(), "encData").map_err(faulty)
}
