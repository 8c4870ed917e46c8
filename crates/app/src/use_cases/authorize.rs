//! AUTHORIZATION_URL: OAuth 2.0 authorization code flow with the channel, state and PKCE
//! (ucsp.md sections 1 and 8.10).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ChannelCode, IndustryCode};

use super::login::{
    ChannelLogin, Handover, add_consent, check_particulars, handover, take, to_json,
};
use super::pay_order::channel_failed;
use super::rights::opened;
use crate::limits::OAUTH_STATE_LIFE;
use crate::platform::Platform;
use crate::ports::channel::RedeemQuestion;
use crate::ports::store::CommitOutcome;
use crate::records::{self, LoginExtras, OauthState};
use crate::refusal::Refusal;
use crate::writeset::{RecordChange, RecordWrite, WriteSet};

/// The purpose under which a PKCE verifier is sealed.
const VERIFIER: &str = "oauth_state.verifier";

/// Begins an authorization: the address of the channel that the browser is sent to.
///
/// # Errors
/// A [`Refusal`].
pub async fn begin_authorization(
    platform: &Platform,
    channel: &ChannelCode,
    industry: &IndustryCode,
) -> Result<String, Refusal> {
    let directory = platform.directory.get();
    opened(&directory, channel, industry, "industryCode")?;
    let oauth = directory.channel(channel).and_then(|c| c.oauth.as_ref());
    let Some(oauth) = oauth else {
        return Err(Refusal::no_right("channelCode", "this channel offers no authorization"));
    };
    let (state, verifier) = (platform.ids.secret(), platform.ids.secret());
    let now = platform.clock.now();
    let expires_at = now.checked_add(OAUTH_STATE_LIFE).unwrap_or(now);
    let kept = OauthState {
        channel: channel.clone(),
        industry: industry.clone(),
        verifier_sealed: platform.sealer.seal(VERIFIER, &verifier),
        expires_at,
    };
    let body = to_json(platform, &kept)?;
    let change = RecordChange::Insert { body, expires_at: Some(expires_at) };
    let records = vec![RecordWrite { space: records::OAUTH_STATE, key: state.clone(), change }];
    let made = platform.store.commit(WriteSet { records, ..WriteSet::default() }).await;
    match made.map_err(|error| platform.failed(&error))? {
        CommitOutcome::Committed => {}
        CommitOutcome::Stale | CommitOutcome::Duplicate(_) => {
            return Err(platform.unexpected("an authorization state was taken"));
        }
    }
    let hashed = digest::digest(&digest::SHA256, verifier.as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &oauth.client_id)
        .append_pair("redirect_uri", &redirect_uri(platform))
        .append_pair("state", &state)
        .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(hashed.as_ref()))
        .append_pair("code_challenge_method", "S256")
        .append_pair("scope", industry.as_str())
        .finish();
    let joint = if oauth.authorize_url.contains('?') { '&' } else { '?' };
    Ok(format!("{}{joint}{query}", oauth.authorize_url))
}

fn redirect_uri(platform: &Platform) -> String {
    format!("{}/ucsp/channel/v1/authorize/callback", platform.settings.base_url)
}

/// Ends an authorization: the code becomes the user's particulars, once.
///
/// # Errors
/// [`Refusal::UnknownTransaction`] for a state that is not, or no longer, known;
/// [`Refusal::Limit`] for one whose life is over.
pub async fn finish_authorization(
    platform: &Platform,
    state: &str,
    code: &str,
) -> Result<Handover, Refusal> {
    let life = |kept: &OauthState| kept.expires_at;
    let kept: OauthState = take(platform, records::OAUTH_STATE, state, life).await?;
    let verifier = platform.sealer.open(VERIFIER, &kept.verifier_sealed);
    let verifier = verifier.ok_or_else(|| platform.unexpected("a verifier cannot be unsealed"))?;
    let question = RedeemQuestion {
        channel: kept.channel.clone(),
        code: code.to_owned(),
        verifier,
        redirect_uri: redirect_uri(platform),
    };
    let user = platform.channels.redeem(&question).await.map_err(channel_failed)?;
    let login = ChannelLogin {
        channel: kept.channel,
        industry: kept.industry,
        user: user.user,
        mobile: user.mobile,
        email: user.email,
        extras: LoginExtras::default(),
    };
    check_particulars(platform, &login)?;
    let members = if login.mobile.is_some() { vec!["userId", "mobile"] } else { vec!["userId"] };
    add_consent(platform, &login.channel, &login.user, &login.industry, &members).await?;
    handover(platform, login)
}
