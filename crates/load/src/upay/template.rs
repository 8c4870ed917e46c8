//! A request of which only a few bytes change from one time to the next.

use jose::terminal;

use crate::upay::Terminal;

/// A whole HTTP request with its signature's place and the places of what changes.
#[derive(Debug, Clone)]
pub struct Template {
    request: Vec<u8>,
    body_from: usize,
    sign_from: usize,
    key: String,
}

/// Digits of a signature.
const SIGN_BYTES: usize = 32;

impl Template {
    /// A POST of `body` as this terminal.
    #[must_use]
    pub fn new(terminal: &Terminal, host: &str, path: &str, body: &str) -> Self {
        Self::signed_by(&terminal.sn, &terminal.key, host, path, body)
    }

    /// A POST of `body`, signed with `key`.
    #[must_use]
    pub fn signed_by(sn: &str, key: &str, host: &str, path: &str, body: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nAuthorization: {sn} ",
            body.len()
        );
        let sign_from = head.len();
        let body_from = sign_from + SIGN_BYTES + 4;
        let request = format!("{head}{:0<SIGN_BYTES$}\r\n\r\n{body}", "").into_bytes();
        let mut made = Self { request, body_from, sign_from, key: key.to_owned() };
        made.sign();
        made
    }

    /// Where a text stands first in the body, to be written over later.
    #[must_use]
    pub fn place_of(&self, text: &str) -> Option<Place> {
        let body = self.request.get(self.body_from..)?;
        let at = body.windows(text.len()).position(|part| part == text.as_bytes())?;
        Some(Place { from: self.body_from + at, length: text.len() })
    }

    /// Writes text of the same length into its place. The signature does not fit until
    /// [`Self::sign`] made it anew.
    pub fn write(&mut self, place: Place, text: &[u8]) {
        let slot = self.request.get_mut(place.from..place.from + place.length);
        if let Some(slot) = slot.filter(|slot| slot.len() == text.len()) {
            slot.copy_from_slice(text);
        }
    }

    /// Makes the signature anew.
    pub fn sign(&mut self) {
        let body = self.request.get(self.body_from..).unwrap_or_default();
        let sign = terminal::sign(body, &self.key);
        if let Some(slot) = self.request.get_mut(self.sign_from..self.sign_from + SIGN_BYTES) {
            slot.copy_from_slice(sign.as_bytes());
        }
    }

    /// Signs with another key from now on.
    pub fn use_key(&mut self, key: &str) {
        key.clone_into(&mut self.key);
        self.sign();
    }

    /// The request as it travels.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.request
    }
}

/// A place in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    from: usize,
    length: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of `upay.md` 2.3, reached by writing over another `client_sn`.
    #[test]
    fn what_is_written_over_is_signed() {
        let body = r#"{"terminal_sn":"123","client_sn":"xyz"}"#;
        let key = "19b820737ace6937a7808c";
        let mut template = Template::signed_by("123", key, "h", "/upay/v2/query", body);
        let place = template.place_of("xyz").unwrap();
        template.write(place, b"abc");
        template.sign();
        let text = String::from_utf8(template.bytes().to_vec()).unwrap();
        assert!(text.contains("Authorization: 123 306648da8e6ab3b4d92f63da3dea08cc\r\n\r\n{"));
        assert!(text.contains("Content-Length: 39\r\n") && text.ends_with(r#""abc"}"#));
        assert_eq!(template.place_of("none"), None);
    }
}
