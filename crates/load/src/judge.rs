//! What is wrong with an answer, by a look that costs little: bytes are searched, nothing is
//! parsed.

use crate::client::Answer;

/// Longest code that is taken from an answer, in bytes.
const CODE_BYTES_MAX: usize = 48;

/// The fault of an answer whose status is not 200.
#[must_use]
pub fn status(answer: &Answer<'_>) -> Option<String> {
    (answer.status != 200).then(|| format!("status {}", answer.status))
}

/// The fault of an answer that is not approved (`ucsp.md` section 2).
#[must_use]
pub fn ucsp(answer: &Answer<'_>) -> Option<String> {
    const CODE: &[u8] = br#""responseCode":""#;
    if let Some(fault) = status(answer) {
        return Some(fault);
    }
    // The code stands near the end.
    let at = answer.body.windows(CODE.len()).rposition(|part| part == CODE);
    let code = at.and_then(|at| answer.body.get(at + CODE.len()..at + CODE.len() + 2));
    match code {
        Some(b"00") => None,
        Some(code) => Some(format!("code {}", String::from_utf8_lossy(code))),
        None => Some("no code".to_owned()),
    }
}

/// The fault of an answer of the terminal dialect: the outer code must be 200 and, where there is
/// one to expect, the inner code that one (`upay.md` section 3).
#[must_use]
pub fn upay(answer: &Answer<'_>, expected: Option<&str>) -> Option<String> {
    if let Some(fault) = status(answer) {
        return Some(fault);
    }
    let (outer, inner) = result_codes(answer.body);
    let wanted = expected.map(str::as_bytes);
    if outer == Some(b"200") && (wanted.is_none() || inner == wanted) {
        return None;
    }
    let shown = |code: Option<&[u8]>| code.map(|code| String::from_utf8_lossy(code).into_owned());
    let parts = [shown(outer), shown(inner), shown(text_of(answer.body, "error_code"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(if parts.is_empty() { "no result_code".to_owned() } else { parts.join(" ") })
}

/// Outer and inner `result_code`, in whichever order they stand: the outer one is a number.
fn result_codes(body: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let Some((first, rest)) = find_text(body, "result_code") else { return (None, None) };
    let second = find_text(rest, "result_code").map(|(code, _)| code);
    let is_outer = |code: &[u8]| code.first().is_some_and(u8::is_ascii_digit);
    if is_outer(first) { (Some(first), second) } else { (second, Some(first)) }
}

/// The first member of this name that is a short string without escapes.
#[must_use]
pub fn text_of<'a>(body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    find_text(body, name).map(|(text, _)| text)
}

/// The member's text and what follows it.
fn find_text<'a>(body: &'a [u8], name: &str) -> Option<(&'a [u8], &'a [u8])> {
    let name = name.as_bytes();
    let mut from = 0;
    while let Some(found) = body.get(from..)?.iter().position(|byte| *byte == b'"') {
        let at = from + found + 1;
        let rest = body.get(at..)?;
        if let Some(value) = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"\":\"")) {
            let end = value.iter().take(CODE_BYTES_MAX).position(|byte| *byte == b'"')?;
            return Some((value.get(..end)?, value.get(end..)?));
        }
        from = at;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer<'_> {
        Answer::of(status, body.as_bytes())
    }

    #[test]
    fn a_payment_is_right_when_both_codes_are() {
        let paid = r#"{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS"}}"#;
        assert_eq!(upay(&answer(200, paid), Some("PAY_SUCCESS")), None);
        let turned = r#"{"biz_response":{"result_code":"PAY_SUCCESS"},"result_code":"200"}"#;
        assert_eq!(upay(&answer(200, turned), Some("PAY_SUCCESS")), None);
        assert_eq!(upay(&answer(200, r#"{"result_code":"200"}"#), None), None);
    }

    #[test]
    fn faults_are_named_by_their_codes() {
        let refused = r#"{"result_code":"200","biz_response":{"result_code":"PAY_FAIL","#
            .to_owned()
            + r#""error_code":"TRADE_TIMEOUT"}}"#;
        let fault = upay(&answer(200, &refused), Some("PAY_SUCCESS"));
        assert_eq!(fault.as_deref(), Some("200 PAY_FAIL TRADE_TIMEOUT"));
        let unsigned = r#"{"result_code":"400","error_code":"ILLEGAL_SIGN"}"#;
        let fault = upay(&answer(200, unsigned), Some("PAY_SUCCESS"));
        assert_eq!(fault.as_deref(), Some("400 ILLEGAL_SIGN"));
        assert_eq!(upay(&answer(503, ""), None).as_deref(), Some("status 503"));
        assert_eq!(upay(&answer(200, "{}"), None).as_deref(), Some("no result_code"));
    }

    #[test]
    fn the_other_protocol_has_its_code_near_the_end() {
        assert_eq!(ucsp(&answer(200, r#"{"responseCode":"00"}"#)), None);
        let refused = ucsp(&answer(200, r#"{"responseCode":"36"}"#));
        assert_eq!(refused.as_deref(), Some("code 36"));
        assert_eq!(ucsp(&answer(200, "{}")).as_deref(), Some("no code"));
        assert_eq!(ucsp(&answer(401, "{}")).as_deref(), Some("status 401"));
    }

    #[test]
    fn members_are_found_by_their_whole_name() {
        let body = br#"{"x_terminal_key":"no","terminal_key":"k1"}"#;
        assert_eq!(text_of(body, "terminal_key"), Some(&b"k1"[..]));
        assert_eq!(text_of(body, "key"), None);
        assert_eq!(text_of(br#"{"terminal_key":"cut"#, "terminal_key"), None);
    }
}
