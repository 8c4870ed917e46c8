//! From a raw value to a typed member, and back.

use std::borrow::Cow;

use super::body::{Body, Raw, compact, elements};
use super::fault::{Faults, Rule};
use super::goods::GoodsDetail;
use super::row::{Kind, Need, Row};
use crate::card_number::holds_card_number;
use crate::limits::{
    UPAY_EXTENDED_KEY_BYTES_MAX, UPAY_EXTENDED_KEYS_COUNT_MAX, UPAY_EXTENDED_VALUE_BYTES_MAX,
};
use crate::write::Out;

/// A reading under way: how strict, where, and what was found wrong.
#[derive(Debug, Default)]
pub struct Reading {
    strict: bool,
    element: Option<usize>,
    faults: Faults,
}

impl Reading {
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    pub(super) const fn strict(&self) -> bool {
        self.strict
    }

    pub(super) fn fault(&mut self, id: &str, rule: Rule) {
        let path = match self.element {
            Some(at) => format!("goods_details[{at}].{id}"),
            None => id.to_owned(),
        };
        self.faults.push(path, rule);
    }

    pub(super) fn into_faults(self) -> Faults {
        self.faults
    }

    const fn max(&self, row: &Row) -> usize {
        if self.strict { row.strict_max } else { row.max }
    }
}

/// The type of a member.
pub trait Member: Sized {
    /// Reads the member that a row declares; faults go to the reading.
    fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self;

    /// Writes the member, unless it is absent.
    fn write(&self, row: &Row, out: &mut Out);
}

impl Member for String {
    fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self {
        text(body, row, reading).unwrap_or_default()
    }

    fn write(&self, row: &Row, out: &mut Out) {
        match row.kind {
            Kind::Extended if self.starts_with('{') => out.raw(row.id, self),
            Kind::Id
            | Kind::Text
            | Kind::Digits
            | Kind::Amount
            | Kind::Number
            | Kind::Quantity
            | Kind::Echo
            | Kind::Extended
            | Kind::Goods => out.text(row.id, self),
        }
    }
}

impl Member for Option<String> {
    fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self {
        text(body, row, reading)
    }

    fn write(&self, row: &Row, out: &mut Out) {
        if let Some(text) = self {
            text.write(row, out);
        }
    }
}

impl Member for u64 {
    fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self {
        let Some(raw) = present(body, row, reading) else { return 0 };
        let text = written(raw).unwrap_or_default();
        amount(text, row, reading)
    }

    fn write(&self, row: &Row, out: &mut Out) {
        out.text(row.id, &self.to_string());
    }
}

/// An amount of cents; what is none is a fault and 0.
fn amount(text: &str, row: &Row, reading: &mut Reading) -> u64 {
    let digits = |text: &str| all_digits(text) && (1..=row.max).contains(&text.len());
    let parsed = if digits(text) { text.parse().ok() } else { None };
    let rule = match (parsed, text.strip_prefix('-')) {
        (Some(0), _) => Rule::Zero,
        (Some(amount), _) => return amount,
        (None, Some(rest)) if digits(rest) => Rule::Negative,
        (None, Some(_) | None) => Rule::NotAmount,
    };
    reading.fault(row.id, rule);
    0
}

/// Small numbers that travel as digits.
macro_rules! digits {
    ($($number:ty),*) => { $(
        impl Member for Option<$number> {
            fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self {
                let digits = text(body, row, reading)?;
                let number = digits.parse().ok();
                if number.is_none() {
                    reading.fault(row.id, Rule::NotDigits(row.max));
                }
                number
            }

            fn write(&self, row: &Row, out: &mut Out) {
                if let Some(number) = self {
                    out.text(row.id, &number.to_string());
                }
            }
        }
    )* };
}

digits!(u8, u16);

impl Member for Vec<GoodsDetail> {
    fn read(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Self {
        let Some(raw) = present(body, row, reading) else { return Self::new() };
        let Some(array) = json_in(raw, '[') else {
            reading.fault(row.id, Rule::NotArray);
            return Self::new();
        };
        let Some(elements) = elements(array, row.max) else {
            // What is an array as such can only be too long.
            let array = matches!(raw, Raw::Array(_));
            let rule = if array { Rule::TooManyElements(row.max) } else { Rule::NotArray };
            reading.fault(row.id, rule);
            return Self::new();
        };
        let mut goods = Self::with_capacity(elements.len());
        for (at, element) in elements.into_iter().enumerate() {
            let Ok(element) = Body::parse_text(element) else {
                reading.fault(row.id, Rule::NotArray);
                return Self::new();
            };
            reading.element = Some(at);
            goods.push(GoodsDetail::read_from(&element, reading));
            reading.element = None;
        }
        goods
    }

    fn write(&self, row: &Row, out: &mut Out) {
        if !self.is_empty() {
            out.elements(row.id, self, GoodsDetail::write_to);
        }
    }
}

/// The member's value unless it is absent; says so where it is needed, and where it stands twice.
fn present<'b, 'a>(body: &'b Body<'a>, row: &Row, reading: &mut Reading) -> Option<&'b Raw<'a>> {
    let (raw, again) = body.find(row.id);
    if again {
        reading.fault(row.id, Rule::Twice);
        return None;
    }
    let raw = raw.filter(|raw| !raw.is_absent());
    let needed = match row.need {
        Need::Yes => true,
        Need::Strict => reading.strict,
        Need::No => false,
    };
    if raw.is_none() && needed {
        reading.fault(row.id, Rule::Empty);
    }
    raw
}

fn text(body: &Body<'_>, row: &Row, reading: &mut Reading) -> Option<String> {
    let raw = present(body, row, reading)?;
    let max = reading.max(row);
    let text = match checked(raw, row.kind, max) {
        Ok(text) => text,
        Err(rule) => {
            reading.fault(row.id, rule);
            return None;
        }
    };
    (!text.is_empty()).then(|| text.into_owned())
}

/// The value as the text that its kind keeps; empty for an extended without keys.
fn checked<'r>(raw: &'r Raw<'_>, kind: Kind, max: usize) -> Result<Cow<'r, str>, Rule> {
    match kind {
        Kind::Id => {
            let text = scalar(raw)?;
            let printable = !text.chars().any(char::is_control);
            ensure(printable, Rule::ControlCharacter)?;
            ensure(text.len() <= max, Rule::TooManyBytes(max))?;
            Ok(text.into())
        }
        Kind::Text => {
            let text = scalar(raw)?;
            bounded_text(text, max)?;
            Ok(text.into())
        }
        Kind::Echo => {
            let text: Cow<'_, str> = match raw {
                Raw::Object(json) | Raw::Array(json) => compact(json).into(),
                Raw::Text(_) | Raw::Number(_) | Raw::Absent | Raw::Other => scalar(raw)?.into(),
            };
            bounded_text(&text, max)?;
            Ok(text)
        }
        Kind::Digits | Kind::Amount => {
            let text = scalar(raw).map_err(|_| Rule::NotDigits(max))?;
            ensure(all_digits(text) && text.len() <= max, Rule::NotDigits(max))?;
            Ok(text.into())
        }
        Kind::Number => {
            let text = written(raw).ok_or(Rule::NotNumber(max))?;
            ensure(is_number(text, max), Rule::NotNumber(max))?;
            Ok(text.into())
        }
        Kind::Quantity => {
            let text = written(raw).ok_or(Rule::NotNumber(max))?;
            ensure(is_number(text, max), Rule::NotNumber(max))?;
            let zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
            ensure(zero || !text.starts_with('-'), Rule::Negative)?;
            Ok(text.into())
        }
        Kind::Extended => extended(raw, max).map(Cow::Owned),
        Kind::Goods => Err(Rule::NotArray),
    }
}

/// A string, or an integer as its digits.
fn scalar<'r>(raw: &'r Raw<'_>) -> Result<&'r str, Rule> {
    match raw {
        Raw::Text(text) => Ok(text),
        Raw::Number(number) => {
            let integer = all_digits(number.strip_prefix('-').unwrap_or(number));
            if integer { Ok(number) } else { Err(Rule::NotText) }
        }
        Raw::Absent | Raw::Object(_) | Raw::Array(_) | Raw::Other => Err(Rule::NotText),
    }
}

fn written<'r>(raw: &'r Raw<'_>) -> Option<&'r str> {
    match raw {
        Raw::Text(text) => Some(text),
        Raw::Number(number) => Some(number),
        Raw::Absent | Raw::Object(_) | Raw::Array(_) | Raw::Other => None,
    }
}

fn ensure(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

fn bounded_text(text: &str, max: usize) -> Result<(), Rule> {
    let allowed = |one: char| !one.is_control() || matches!(one, '\n' | '\r' | '\t');
    ensure(text.chars().all(allowed), Rule::ControlCharacter)?;
    ensure(text.len() <= max || text.chars().count() <= max, Rule::TooManyCharacters(max))?;
    ensure(!holds_card_number(text), Rule::CardNumber)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number with at most so many digits, with or without a sign and a point.
fn is_number(text: &str, digits_max: usize) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, part)) => {
            all_digits(whole) && all_digits(part) && whole.len() + part.len() <= digits_max
        }
        None => all_digits(text) && text.len() <= digits_max,
    }
}

/// `extended` as compact JSON text; an empty one, also PHP's `[]`, counts as absent.
fn extended(raw: &Raw<'_>, max: usize) -> Result<String, Rule> {
    let json = match raw {
        Raw::Array(json) if compact(json) == "[]" => return Ok(String::new()),
        Raw::Text(text) if text.len() > max => return Err(Rule::TooManyBytes(max)),
        Raw::Text(_)
        | Raw::Object(_)
        | Raw::Array(_)
        | Raw::Number(_)
        | Raw::Absent
        | Raw::Other => json_in(raw, '{').ok_or(Rule::NotObject)?,
    };
    let object = Body::parse_text(json).map_err(|_| Rule::NotObject)?;
    ensure(object.members().len() <= UPAY_EXTENDED_KEYS_COUNT_MAX, Rule::ExtendedTooLarge)?;
    for (key, value) in object.members() {
        let value: Cow<'_, str> = match value {
            Raw::Text(text) => text.as_ref().into(),
            Raw::Number(json) | Raw::Object(json) | Raw::Array(json) => compact(json).into(),
            Raw::Absent | Raw::Other => "".into(),
        };
        let fits = key.len() <= UPAY_EXTENDED_KEY_BYTES_MAX
            && value.len() <= UPAY_EXTENDED_VALUE_BYTES_MAX;
        ensure(fits, Rule::ExtendedTooLarge)?;
        ensure(!holds_card_number(key) && !holds_card_number(&value), Rule::CardNumber)?;
    }
    Ok(if object.members().is_empty() { String::new() } else { compact(json) })
}

/// The JSON of a value that is an object or array, or a text that holds one.
fn json_in<'r>(raw: &'r Raw<'_>, first: char) -> Option<&'r str> {
    let json = match raw {
        Raw::Object(json) | Raw::Array(json) => json,
        Raw::Text(text) => text.trim(),
        Raw::Number(_) | Raw::Absent | Raw::Other => return None,
    };
    json.starts_with(first).then_some(json)
}
