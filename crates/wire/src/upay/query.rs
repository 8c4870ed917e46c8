//! The query of a WAP link and of the way back (`upay.md` section 7): its text for the signature.

use crate::limits::{UPAY_QUERY_BYTES_MAX, UPAY_QUERY_PAIRS_COUNT_MAX};

/// Members that the signature does not cover.
const UNSIGNED: [&str; 2] = ["sign", "sign_type"];

/// A query's parameters, decoded once (`%XX`, `+` for a blank), in the order received. `None`
/// when there are too many, or they are no UTF-8, or one stands twice.
#[must_use]
pub fn decode_query(query: &str) -> Option<Vec<(String, String)>> {
    if query.len() > UPAY_QUERY_BYTES_MAX {
        return None;
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (unescape(name)?, unescape(value)?);
        let twice = pairs.iter().any(|(other, _)| *other == name);
        if twice || pairs.len() == UPAY_QUERY_PAIRS_COUNT_MAX {
            return None;
        }
        pairs.push((name, value));
    }
    Some(pairs)
}

/// `k=v` of all signed parameters, sorted by key and joined by `&`; the key is appended by the
/// signer. With `leave_out_empty`, parameters without a value are left out: the one tolerance.
#[must_use]
pub fn signing_text(pairs: &[(String, String)], leave_out_empty: bool) -> String {
    let signed = |(name, value): &&(String, String)| {
        !UNSIGNED.contains(&name.as_str()) && (!leave_out_empty || !value.is_empty())
    };
    let mut pairs: Vec<&(String, String)> = pairs.iter().filter(signed).collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    let parts: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.join("&")
}

/// The parameters as a query, values percent-encoded.
#[must_use]
pub fn encode_query(pairs: &[(String, String)]) -> String {
    let part = |(name, value): &(String, String)| format!("{}={}", escape(name), escape(value));
    pairs.iter().map(part).collect::<Vec<_>>().join("&")
}

/// The parameters appended to an address that may have a query and a fragment of its own.
#[must_use]
pub fn append_query(address: &str, pairs: &[(String, String)]) -> String {
    let (address, fragment) = match address.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (address, String::new()),
    };
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{joint}{}{fragment}", encode_query(pairs))
}

fn unescape(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                high * 16 + low
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_sorted_plain_and_without_the_signature() {
        let query = "total_amount=5&subject=%E6%8A%AB%E8%90%A8+%E5%A4%A7&sign=X&client_sn=o1\
                     &terminal_sn=t&return_url=http%3A%2F%2F127.0.0.1%2Fr%3Fx%3D1&a=";
        let pairs = decode_query(query).unwrap();
        let expected = "client_sn=o1&return_url=http://127.0.0.1/r?x=1&subject=披萨 大\
                        &terminal_sn=t&total_amount=5";
        assert_eq!(signing_text(&pairs, true), expected);
        assert_eq!(signing_text(&pairs, false), format!("a=&{expected}"));
    }

    #[test]
    fn what_cannot_be_decoded_is_none() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2"] {
            assert_eq!(decode_query(bad), None, "{bad}");
        }
        assert_eq!(decode_query("a&&b=1=2").unwrap().len(), 2);
    }

    #[test]
    fn parameters_are_appended_to_any_address() {
        let pairs = [("a".to_owned(), "x y&z".to_owned())];
        for (address, expected) in [
            ("https://s.example/d", "https://s.example/d?a=x%20y%26z"),
            ("https://s.example/d?o=1", "https://s.example/d?o=1&a=x%20y%26z"),
            ("https://s.example/d?#top", "https://s.example/d?a=x%20y%26z#top"),
        ] {
            assert_eq!(append_query(address, &pairs), expected);
        }
    }
}
