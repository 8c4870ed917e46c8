//! Invalid messages: for every declared member each flaw that it can have.

use serde_json::{Value, json};

use super::full;
use crate::class::Class;
use crate::fault::Rule;
use crate::field::{Condition, Field, Kind, Presence};
use crate::form::Form;
use crate::message::{Message, Shape, Side};
use crate::ucsp::outline;

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
    let start = if matches!(field.form, Form::Url) { "https://a.example/" } else { "" };
    let card = format!("{start}4111111111111111");
    let formed = matches!(field.form, Form::Free | Form::Url) && max >= card.len();
    if formed && field.is_free_text() {
        flaws.push((Rule::CardNumber, Some(card.into())));
    }
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
