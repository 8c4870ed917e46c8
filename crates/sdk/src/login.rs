//! The login that comes through the user's browser.

use std::borrow::Cow;

use serde_json::Value;
use wire::ucsp::{INDUSTRY_LOGIN_INFO, IndustryLoginInfo, Wrapped, decode};

use crate::limits::LOGIN_BYTES_MAX;
use crate::partner::Partner;

/// A user whom the platform handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginInfo {
    /// The channel the user comes from.
    pub channel_code: String,
    /// The user as the channel knows them.
    pub user_id: String,
    /// Mobile number, decrypted; `None` when the channel gave none.
    pub mobile: Option<String>,
    /// `en-GB`, `zh_CN`.
    pub language: Option<String>,
    /// 0 mobile app, 1 website, 2 other.
    pub client_type: Option<String>,
}

impl std::fmt::Debug for LoginInfo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LoginInfo")
            .field("channel_code", &self.channel_code)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// A login that is not accepted. Ask the user to open the service from the channel app again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Longer than [`LOGIN_BYTES_MAX`].
    #[error("request_data is too long")]
    TooLong,
    /// Not signed by the platform.
    #[error("the signature of {} does not fit: {reason}", INDUSTRY_LOGIN_INFO.name)]
    Signature {
        /// The first rule that failed.
        reason: String,
    },
    /// Signed, but not of the declared shape.
    #[error("the message is not of the declared shape: {faults}")]
    Shape {
        /// All faults.
        faults: String,
    },
    /// For another service.
    #[error("the login is for another service")]
    Foreign,
    /// Older than 300 s, or used already.
    #[error("the login is no longer valid")]
    Stale,
    /// The mobile number cannot be decrypted.
    #[error("the mobile number cannot be opened")]
    Mobile,
}

impl Partner {
    /// Reads INDUSTRY_LOGIN_INFO from `request_data`, percent-decoded already: verifies the
    /// signature in the text before anything is read, that it is for this service, at most
    /// 300 s old and used for the first time; decrypts the mobile number.
    ///
    /// # Errors
    /// [`LoginError`] names the first rule that failed.
    pub fn open_industry_login_info(&self, request_data: &str) -> Result<LoginInfo, LoginError> {
        if request_data.len() > LOGIN_BYTES_MAX {
            return Err(LoginError::TooLong);
        }
        self.check_in_body(request_data.as_bytes())
            .map_err(|reason| LoginError::Signature { reason })?;
        let (text, has_mobile) = with_mobile(request_data);
        let message: Wrapped<IndustryLoginInfo> = decode(text.as_bytes())
            .map_err(|rejected| LoginError::Shape { faults: rejected.faults.to_string() })?;
        if message.msg_info.industry_code != self.config().code {
            return Err(LoginError::Foreign);
        }
        if !self.is_fresh(&message) {
            return Err(LoginError::Stale);
        }
        let login = message.trx_info;
        let mobile = if has_mobile { self.mobile(&login.mobile)? } else { None };
        Ok(LoginInfo {
            channel_code: login.channel_code,
            user_id: login.user_id,
            mobile,
            language: login.language,
            client_type: login.client_type,
        })
    }

    /// The number in clear: decrypted if it is a JWE, which is the default (security 4).
    fn mobile(&self, sent: &str) -> Result<Option<String>, LoginError> {
        const JWE_DOTS: usize = 4;
        let plain = if sent.matches('.').count() == JWE_DOTS {
            let opened = self.open(sent).map_err(|_| LoginError::Mobile)?;
            String::from_utf8(opened.expose().clone()).map_err(|_| LoginError::Mobile)?
        } else {
            sent.to_owned()
        };
        Ok(Some(plain).filter(|text| !text.is_empty()))
    }
}

/// The text to decode, and whether it has a mobile number. The published message makes it
/// mandatory; to a service that does not need it (`ucsp.md` 8.11) a login may come without, and
/// is then read with a stand-in that goes nowhere.
fn with_mobile(request_data: &str) -> (Cow<'_, str>, bool) {
    const STAND_IN: &str = "0";
    let Ok(mut message) = serde_json::from_str::<Value>(request_data) else {
        return (Cow::Borrowed(request_data), true);
    };
    let Some(fields) = message.get_mut("trxInfo").and_then(Value::as_object_mut) else {
        return (Cow::Borrowed(request_data), true);
    };
    let absent = |value: &Value| value.is_null() || value.as_str() == Some("");
    if !fields.get("mobile").is_none_or(absent) {
        return (Cow::Borrowed(request_data), true);
    }
    fields.insert("mobile".to_owned(), STAND_IN.into());
    (Cow::Owned(message.to_string()), false)
}
