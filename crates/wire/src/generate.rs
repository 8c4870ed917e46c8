//! Valid and invalid messages made from the declarations, for tests of any crate.
//!
//! Deterministic: the same seed gives the same message. Sealed members get a text of the right
//! form that nobody can decrypt; a test that needs a real one replaces it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::class::Class;
use crate::fault::Rule;
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

/// An invalid message: a valid one with one flaw.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Where the flaw is, as a fault names it.
    pub path: String,
    /// The rule that must be reported there.
    pub rule: Rule,
    /// The whole message.
    pub value: Value,
}

/// For every declared member of one half and shape: the message without it (where it must be
/// there), with a value of a wrong JSON type, too long, too short, with a character outside the
/// class, of a wrong form, outside the list of values.
#[must_use]
pub fn invalid_variants(message: &Message, shape: Shape, side: Side) -> Vec<Variant> {
    let base = full(message, shape, side, 1);
    let rows = outline(message, shape, side);
    let mut variants = Vec::new();
    let place = Place { path: String::new(), pointer: String::new(), side };
    let conditions = match shape {
        Shape::Flat | Shape::Query => message.table(side).map_or(&[][..], |one| one.conditions),
        Shape::Wrapped => &[],
    };
    walk(&base, &place, &rows, conditions, &mut variants);
    variants
}

/// An object within a message: its path for faults, its JSON pointer.
struct Place {
    path: String,
    pointer: String,
    side: Side,
}

impl Place {
    fn path_of(&self, id: &str) -> String {
        if self.path.is_empty() { id.to_owned() } else { format!("{}.{id}", self.path) }
    }

    /// A copy of the message with a member of this object replaced, or removed for `None`.
    fn with(&self, base: &Value, id: &str, value: Option<Value>) -> Value {
        let mut changed = base.clone();
        if let Some(Value::Object(object)) = changed.pointer_mut(&self.pointer) {
            match value {
                Some(value) => object.insert(id.to_owned(), value),
                None => object.shift_remove(id),
            };
        }
        changed
    }

    fn inner(&self, path: &str, pointer: &str) -> Self {
        let pointer = format!("{}/{pointer}", self.pointer);
        Self { path: self.path_of(path), pointer, side: self.side }
    }
}

fn walk(
    base: &Value,
    place: &Place,
    rows: &[Field],
    conditions: &'static [Condition],
    variants: &mut Vec<Variant>,
) {
    for field in rows {
        let path = place.path_of(field.id);
        for (rule, value) in flaws(field, place.side) {
            variants.push(Variant {
                path: path.clone(),
                rule,
                value: place.with(base, field.id, value),
            });
        }
        let id = field.id;
        match field.kind {
            Kind::Object(table) => {
                let inner = place.inner(id, id);
                walk(base, &inner, table.fields, table.conditions, variants);
            }
            Kind::Objects(table) => {
                let inner = place.inner(&format!("{id}[0]"), &format!("{id}/0"));
                walk(base, &inner, table.fields, table.conditions, variants);
            }
            Kind::Text(_) | Kind::SealedObject(_) | Kind::SealedText(_) => {}
        }
    }
    for condition in conditions {
        variants.push(broken(base, place, condition));
    }
}

/// The message with a condition broken.
fn broken(base: &Value, place: &Place, condition: &'static Condition) -> Variant {
    match *condition {
        Condition::Either { either, or } => {
            let without = place.with(base, either, None);
            let remove = |value: Value, id: &&str| place.with(&value, id, None);
            Variant {
                path: place.path_of(either),
                rule: Rule::MissingEither(or),
                value: or.iter().fold(without, remove),
            }
        }
        Condition::Needs { given, needed } => Variant {
            path: place.path_of(needed),
            rule: Rule::MissingWith(given),
            value: place.with(base, needed, None),
        },
        Condition::When { field, is, needed } => {
            let decided = is.first().map(|value| Value::from(*value));
            let decided = place.with(base, field, decided);
            Variant {
                path: place.path_of(needed),
                rule: Rule::MissingWith(field),
                value: place.with(&decided, needed, None),
            }
        }
    }
}

/// The flaws that a field can have: the rule, and the value (`None`: the member is left out).
fn flaws(field: &Field, side: Side) -> Vec<(Rule, Option<Value>)> {
    let mut flaws: Vec<(Rule, Option<Value>)> = Vec::new();
    let needed =
        field.presence == Presence::Mandatory || (side == Side::Answer && field.on_approval);
    if needed {
        flaws.push((Rule::Missing, None));
    }
    match field.kind {
        Kind::Object(_) => flaws.push((Rule::WrongType("object"), Some(json!("x")))),
        Kind::Objects(_) => {
            flaws.push((Rule::WrongType("array"), Some(json!({}))));
            let many = vec![json!({}); field.length.max + 1];
            flaws.push((Rule::TooMany(field.length.max), Some(many.into())));
        }
        Kind::SealedObject(_) => {
            flaws.push((Rule::WrongType("string"), Some(json!({}))));
            let form = Rule::BadForm("a JWE in compact form");
            flaws.push((form, Some(json!("a.b.c"))));
        }
        Kind::SealedText(class) | Kind::Text(class) => {
            flaws.push((Rule::WrongType("string"), Some(json!(1))));
            text_flaws(field, class, &mut flaws);
        }
    }
    flaws
}

fn text_flaws(field: &Field, class: Class, flaws: &mut Vec<(Rule, Option<Value>)>) {
    let (min, max) = (field.length.min, field.length.max);
    let filler = if class == Class::A { "a" } else { "1" };
    flaws.push((Rule::TooLong(max), Some(filler.repeat(max + 1).into())));
    if min > 1 {
        flaws.push((Rule::TooShort(min), Some(filler.repeat(min - 1).into())));
    }
    let stranger = match class {
        Class::N | Class::Ns => "x",
        Class::A | Class::An => "-",
        Class::Ans | Class::S => "\u{7}",
    };
    let strange = stranger.repeat(min.max(1));
    if matches!(field.form, Form::Certificate) {
        flaws.push((Rule::BadForm(field.form.words()), Some(strange.into())));
        return;
    }
    flaws.push((Rule::BadCharacters(class), Some(strange.into())));
    let formless = match field.form {
        Form::Free | Form::Certificate => return,
        Form::Values(_) => {
            let other = if matches!(class, Class::N) { "9" } else { "Z" };
            flaws.push((Rule::NotAllowed, Some(other.repeat(min).into())));
            return;
        }
        Form::MessageId => "B".to_owned() + &"1".repeat(28),
        Form::AboveZero => "0".to_owned(),
        Form::Url => "javascript:x".to_owned(),
        Form::IpAddress => "999.1.1.1".to_owned(),
        Form::DateTime
        | Form::Date
        | Form::YearMonth
        | Form::MonthDay
        | Form::MonthDayTime
        | Form::MaskedPan => "9".repeat(min),
    };
    flaws.push((Rule::BadForm(field.form.words()), Some(formless.into())));
}
