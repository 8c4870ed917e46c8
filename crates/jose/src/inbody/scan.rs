//! Finds the place of a member's value in a JSON text that is known to be well formed.
//!
//! Goal: byte ranges of the text as received. It does not recurse: depth is a counter, so
//! no text can exhaust the stack.

use std::ops::Range;

/// The range of the value of the one member with this name of the object that fills
/// `object`; `None` when it is no object, or the name is absent or stands twice.
pub(super) fn only_member(text: &str, object: Range<usize>, name: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = skip_blanks(bytes, object.start);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    at = skip_blanks(bytes, at.checked_add(1)?);
    let mut found = None;
    while bytes.get(at) == Some(&b'"') {
        let key_end = string_end(bytes, at)?;
        let key: String = serde_json::from_str(text.get(at..key_end)?).ok()?;
        let colon = skip_blanks(bytes, key_end);
        let value_start = skip_blanks(bytes, colon.checked_add(1)?);
        let value_end = value_end(bytes, value_start)?;
        if key == name && found.replace(value_start..value_end).is_some() {
            return None;
        }
        at = skip_blanks(bytes, value_end);
        if bytes.get(at) != Some(&b',') {
            break;
        }
        at = skip_blanks(bytes, at.checked_add(1)?);
    }
    found
}

/// The range of a string's content, without its quotes; `None` when the value is no string.
pub(super) fn string_content(text: &str, value: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_string = bytes.get(value.start) == Some(&b'"');
    let content = value.start.checked_add(1)?..value.end.checked_sub(1)?;
    is_string.then_some(content)
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    from.saturating_add(blanks.count())
}

/// The index after the closing quote of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start.checked_add(1)?;
    loop {
        match bytes.get(at)? {
            b'"' => return at.checked_add(1),
            b'\\' => at = at.checked_add(2)?,
            _ => at = at.checked_add(1)?,
        }
    }
}

/// The index after the value that begins at `start`.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    loop {
        match bytes.get(at) {
            Some(b'"') => at = string_end(bytes, at)?,
            Some(b'{' | b'[') => {
                depth = depth.checked_add(1)?;
                at = at.checked_add(1)?;
                continue;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth = depth.checked_sub(1)?;
                at = at.checked_add(1)?;
            }
            // Behind a bare word at depth zero: the end of the object or the next member.
            None | Some(b'}' | b']' | b',') if depth == 0 => return Some(at),
            None => return None,
            Some(_) => {
                at = at.checked_add(1)?;
                continue;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}
