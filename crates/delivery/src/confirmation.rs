//! What an answer to a notice says (ucsp.md sections 1 and 8.6). Only the code, the message's
//! number and the certificate named are read; whatever else stands there is the partner's affair.

use serde::Deserialize;

/// The parts of an answer that confirm or do not.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Confirmation {
    #[serde(rename = "msgResponse")]
    response: Option<Code>,
    #[serde(rename = "msgInfo")]
    info: Option<Info>,
    #[serde(rename = "certificateSignature")]
    signature: Option<Certificate>,
}

#[derive(Debug, Deserialize)]
struct Code {
    #[serde(rename = "responseCode")]
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Info {
    #[serde(rename = "msgID")]
    message_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Certificate {
    #[serde(rename = "appSignCertID")]
    app_sign: Option<String>,
}

impl Confirmation {
    /// Reads an answer; `None` when it is no JSON object of this shape.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// `responseCode`.
    pub(crate) fn code(&self) -> Option<&str> {
        self.response.as_ref().and_then(|response| response.code.as_deref())
    }

    /// `msgID` in `msgInfo`.
    pub(crate) fn message_id(&self) -> Option<&str> {
        self.info.as_ref().and_then(|info| info.message_id.as_deref())
    }

    /// `appSignCertID`.
    pub(crate) fn certificate(&self) -> Option<&str> {
        self.signature.as_ref().and_then(|signature| signature.app_sign.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_whatever_stands_beside_it() {
        let body =
            br#"{"msgInfo":{"msgID":"A1","x":1},"msgResponse":{"responseCode":"00"},"y":[]}"#;
        let read = Confirmation::read(body).expect("an answer");
        assert_eq!((read.code(), read.message_id()), (Some("00"), Some("A1")));
        assert_eq!(read.certificate(), None);
    }

    #[test]
    fn what_is_no_answer_confirms_nothing() {
        for body in [&b"OK"[..], b"[]", br#"{"msgResponse":"00"}"#] {
            assert!(Confirmation::read(body).is_none_or(|read| read.code().is_none()));
        }
        let gateway = br#"{"MsgResponse":{"responseCode":"00"}}"#;
        assert_eq!(Confirmation::read(gateway).and_then(|read| read.code().map(str::len)), None);
    }
}
