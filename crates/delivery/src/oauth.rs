//! The OAuth 2.0 client towards a channel: an authorization code with its PKCE verifier becomes
//! an access token, the token the user's particulars (ucsp.md section 8.10; RFC 6749, RFC 7636).

use app::ports::ChannelError;
use app::ports::channel::{RedeemQuestion, UserInfo};
use domain::ids::UserId;
use domain::party::OauthClient;
use egress::{Client, Request, Response};
use jose::secret::Secret;
use serde::Deserialize;
use wire::ucsp::{ChannelUserData, rows};
use wire::{Field, Part, check_text};

use crate::limits::{CHANNEL_LIMIT, OAUTH_ANSWER_BYTES_MAX};

/// Longest access token that is sent on, in characters.
const TOKEN_CHARS_MAX: usize = 2048;

#[derive(Deserialize)]
struct Token {
    access_token: String,
    token_type: String,
}

#[derive(Deserialize)]
struct Particulars {
    user_id: String,
    mobile: Option<String>,
    email: Option<String>,
}

/// Changes the code into the user's particulars. The answers are read only over the channel's
/// registered addresses; they are not signed, TLS is what vouches for them.
pub(crate) async fn redeem(
    client: &Client,
    registration: &OauthClient,
    secret: &Secret<String>,
    question: &RedeemQuestion,
) -> Result<UserInfo, ChannelError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", &question.code)
        .append_pair("redirect_uri", &question.redirect_uri)
        .append_pair("code_verifier", &question.verifier)
        .append_pair("client_id", &registration.client_id)
        .append_pair("client_secret", secret.expose())
        .finish();
    let request = Request::post(registration.token_url.clone(), form)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Accept", "application/json")
        .timeout(CHANNEL_LIMIT);
    let token: Token = read("token", client.send(request).await)?;
    let plain = token.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain
        || token.access_token.len() > TOKEN_CHARS_MAX
        || !token.token_type.eq_ignore_ascii_case("bearer")
    {
        return Err(unavailable("the token is no bearer token"));
    }
    let request = Request::get(registration.userinfo_url.clone())
        .header("Authorization", format!("Bearer {}", token.access_token))
        .header("Accept", "application/json")
        .timeout(CHANNEL_LIMIT);
    let user: Particulars = read("user-info", client.send(request).await)?;
    checked(user)
}

fn unavailable(reason: &str) -> ChannelError {
    ChannelError::Unavailable(reason.to_owned())
}

fn read<T: serde::de::DeserializeOwned>(
    what: &str,
    answer: Result<Response, egress::EgressError>,
) -> Result<T, ChannelError> {
    let answer = answer.map_err(|error| unavailable(&format!("{what}: {error}")))?;
    match answer.status {
        200 if answer.body.len() <= OAUTH_ANSWER_BYTES_MAX => serde_json::from_slice(&answer.body)
            .map_err(|_| unavailable(&format!("{what}: not of the agreed shape"))),
        200 => Err(unavailable(&format!("{what}: larger than allowed"))),
        // The code is used up, expired, or not ours: the server did answer, and refused.
        status @ (400 | 401 | 403) => Err(ChannelError::Refused {
            code: status.to_string(),
            message: format!("the channel refused at {what}"),
        }),
        status => Err(unavailable(&format!("{what}: HTTP status {status}"))),
    }
}

/// What may be kept has the form that the messages of the protocol ask for.
fn checked(user: Particulars) -> Result<UserInfo, ChannelError> {
    let fits = |row: &Field, text: &str| !text.is_empty() && check_text(row, text).is_ok();
    if !fits(&rows::USER_ID, &user.user_id) {
        return Err(unavailable("user-info: user_id is missing or malformed"));
    }
    let email_row = ChannelUserData::TABLE.find("email");
    Ok(UserInfo {
        user: UserId::new(user.user_id),
        mobile: user.mobile.filter(|mobile| fits(&rows::MOBILE, mobile)),
        email: user.email.filter(|email| email_row.is_some_and(|row| fits(row, email))),
    })
}
