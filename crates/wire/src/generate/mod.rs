//! Valid and invalid messages made from the declarations, for tests of any crate.
//!
//! Deterministic: the same seed gives the same message. Sealed members get a text of the right
//! form that nobody can decrypt; a test that needs a real one replaces it.

mod invalid;

pub use invalid::{Variant, invalid_variants};

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::class::Class;
use crate::field::{Condition, Field, Kind, Presence, Table};
use crate::form::Form;
use crate::message::{Message, Shape, Side};
use crate::ucsp::outline;

/// A text with the form of a JWE: its header names `RSA1_5`, the rest is filler.
pub const SEALED_EXAMPLE: &str = "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2Iiwia2lkIjoi\
                                  MTcwMDAwMDAwMDAwMiJ9.a2V5.aXY.Y2lwaGVydGV4dA.dGFn";

/// Texts longer than this are not made at random, save at the bound itself.
const RANDOM_CHARS_MAX: usize = 40;
/// Longest array made at random, in elements.
const RANDOM_ELEMENTS_MAX: usize = 3;

/// A small generator of pseudo-random numbers (splitmix64); not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that repeats for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound` (which is not 0).
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.draw() % bound).unwrap_or(0)
    }

    /// One of several; the default if there is none.
    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }
}

/// A valid message of one half and shape; optional members come and go with the seed.
#[must_use]
pub fn valid(message: &Message, shape: Shape, side: Side, seed: u64) -> Value {
    let mut maker = Maker { random: Random::new(seed), all: false, message };
    maker.body(shape, side)
}

/// A valid message with every member that is declared.
#[must_use]
pub fn full(message: &Message, shape: Shape, side: Side, seed: u64) -> Value {
    let mut maker = Maker { random: Random::new(seed), all: true, message };
    maker.body(shape, side)
}

/// A valid plaintext of a sealed object, or any other declared object.
#[must_use]
pub fn valid_table(table: &'static Table, seed: u64) -> Value {
    let message = &crate::ucsp::SUBMIT_PAYMENT_ORDER;
    let mut maker = Maker { random: Random::new(seed), all: false, message };
    maker.object(table.fields, table.conditions)
}

/// A valid value of a text field.
#[must_use]
pub fn valid_text(field: &Field, random: &mut Random) -> String {
    match field.kind {
        Kind::SealedObject(_) | Kind::SealedText(_) => SEALED_EXAMPLE.to_owned(),
        Kind::Text(class) => formed(field, class, random),
        Kind::Object(_) | Kind::Objects(_) => String::new(),
    }
}

struct Maker<'m> {
    random: Random,
    all: bool,
    message: &'m Message,
}

impl Maker<'_> {
    fn body(&mut self, shape: Shape, side: Side) -> Value {
        let rows = outline(self.message, shape, side);
        let conditions = self.message.table(side).map_or(&[][..], |table| table.conditions);
        // In the wrapped shape the conditions belong to trxInfo and find nothing to do here.
        self.object(&rows, conditions)
    }

    fn object(&mut self, rows: &[Field], conditions: &[Condition]) -> Value {
        let left_out = self.left_out(rows, conditions);
        let mut object = Map::new();
        for field in rows.iter().filter(|field| !left_out.contains(field.id)) {
            object.insert(field.id.to_owned(), self.value(field));
        }
        Value::Object(object)
    }

    /// Which members to leave out so that all conditions still hold.
    fn left_out(&mut self, rows: &[Field], conditions: &[Condition]) -> BTreeSet<&'static str> {
        let mut out = BTreeSet::new();
        if self.all {
            return out;
        }
        for field in rows {
            if field.presence == Presence::Optional && self.random.below(2) == 0 {
                out.insert(field.id);
            }
        }
        for condition in conditions {
            match *condition {
                Condition::Either { either, .. } => {
                    if self.random.below(2) == 0 {
                        out.insert(either);
                    }
                }
                Condition::Needs { given, needed } => {
                    if !out.contains(given) {
                        out.remove(needed);
                    }
                }
                Condition::When { needed, .. } => {
                    out.remove(needed);
                }
            }
        }
        out
    }

    fn value(&mut self, field: &Field) -> Value {
        match field.kind {
            Kind::Object(table) => self.object(table.fields, table.conditions),
            Kind::Objects(table) => {
                let (min, max) = (field.length.min, field.length.max);
                let most = max.min(min.max(RANDOM_ELEMENTS_MAX));
                let least = if self.all { min.max(1) } else { min };
                let count = least + self.random.below(most - least + 1);
                (0..count).map(|_| self.object(table.fields, table.conditions)).collect()
            }
            Kind::Text(_) | Kind::SealedObject(_) | Kind::SealedText(_) => match field.id {
                "msgType" => self.message.name.into(),
                "responseCode" => "00".into(),
                _ => valid_text(field, &mut self.random).into(),
            },
        }
    }
}

/// A valid text of the field's form.
fn formed(field: &Field, class: Class, random: &mut Random) -> String {
    match field.form {
        Form::Free => free(field, class, random),
        Form::Certificate => random.pick(&["QUFB", "-----BEGIN CERTIFICATE-----\nQUFB\n"]).into(),
        Form::Values(values) => random.pick(values).0.to_owned(),
        Form::MessageId => {
            let code = text_of(Class::An, 8, random);
            format!("A{code}{}{}", date_time(random), text_of(Class::N, 6, random))
        }
        Form::DateTime => date_time(random),
        Form::Date => date_time(random).chars().take(8).collect(),
        Form::YearMonth => format!("{:02}{:02}", random.below(100), 1 + random.below(12)),
        Form::MonthDay => date_time(random).chars().skip(4).take(4).collect(),
        Form::MonthDayTime => date_time(random).chars().skip(4).collect(),
        Form::AboveZero => format!("{}", 1 + random.below(999_999)),
        Form::Url => {
            let scheme = random.pick(&["https://", "http://"]);
            let rest = text_of(Class::An, 1 + random.below(30), random);
            format!("{scheme}{rest}.example/x?y=%20")
        }
        Form::IpAddress => random.pick(&["203.0.113.9", "2001:db8::17"]).to_owned(),
        Form::MaskedPan => format!("6233********{}", text_of(Class::N, 4, random)),
    }
}

fn free(field: &Field, class: Class, random: &mut Random) -> String {
    let (min, max) = (field.length.min, field.length.max);
    let length = match random.below(8) {
        0 => min,
        1 => max,
        _ => min + random.below(max.min(min.max(RANDOM_CHARS_MAX)) - min + 1),
    };
    text_of(class, length, random)
}

fn date_time(random: &mut Random) -> String {
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        2000 + random.below(100),
        1 + random.below(12),
        1 + random.below(28),
        random.below(24),
        random.below(60),
        random.below(60),
    )
}

/// A text of so many characters of a class, odd ones included.
fn text_of(class: Class, length: usize, random: &mut Random) -> String {
    let alphabet: &[char] = match class {
        Class::N => &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
        Class::A => &['A', 'M', 'Z', 'a', 'm', 'z'],
        Class::An => &['0', '9', 'A', 'Z', 'a', 'z', '5', 'k'],
        Class::Ns => &['0', '9', '.', '-', '+', ' ', '~'],
        Class::Ans | Class::S => {
            &['0', 'A', 'z', ' ', '"', '\\', '/', '<', '&', '停', '车', 'é', '€', '😀']
        }
    };
    (0..length).map(|_| random.pick(alphabet)).collect()
}
