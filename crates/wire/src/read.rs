//! Reading an object by its table, with all faults and their paths.

use std::fmt::Write as _;

use crate::card_number::holds_card_number;
use crate::fault::{Fault, Faults, Rule};
use crate::field::{Condition, Field, Kind, Presence, Table};
use crate::form::Form;
use crate::limits::JWE_CHARS_MAX;
use crate::part::Part;
use crate::tree::{Node, Object};

/// Which members must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// A request: all mandatory members and all conditions.
    Request,
    /// An answer with code 00: mandatory members, and conditional ones bound to 00.
    Approval,
    /// Any other answer: whatever could be said.
    Nothing,
}

/// Where the reader is, what it demands, and what it found.
#[derive(Debug)]
pub struct Context {
    demand: Demand,
    path: Vec<Step>,
    faults: Faults,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Name(&'static str),
    Index(usize),
}

impl Context {
    /// A context at the outermost object.
    #[must_use]
    pub fn new(demand: Demand) -> Self {
        Self { demand, path: Vec::with_capacity(4), faults: Faults::default() }
    }

    /// Changes what must be there from here on.
    pub fn demand(&mut self, demand: Demand) {
        self.demand = demand;
    }

    /// The faults found.
    #[must_use]
    pub fn into_faults(self) -> Faults {
        self.faults
    }

    /// Runs `inside` with the path one name deeper.
    pub fn within<T>(&mut self, name: &'static str, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.step(Step::Name(name), inside)
    }

    fn step<T>(&mut self, step: Step, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = inside(self);
        self.path.pop();
        result
    }

    /// Records that the member `id` of the present object breaks a rule.
    pub fn fault(&mut self, id: &'static str, rule: Rule) {
        let mut path = String::new();
        for step in self.path.iter().copied().chain([Step::Name(id)]) {
            match step {
                Step::Name("") => {}
                Step::Name(name) if path.is_empty() => path.push_str(name),
                Step::Name(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Index(index) => {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        self.faults.push(Fault { path, rule });
    }

    fn requires(&self, field: &Field) -> bool {
        match self.demand {
            Demand::Request => field.presence == Presence::Mandatory,
            Demand::Approval => field.presence == Presence::Mandatory || field.on_approval,
            Demand::Nothing => false,
        }
    }

    /// The value of a field unless it counts as absent; says so if it had to be there.
    pub(crate) fn take<'o, 'a>(
        &mut self,
        object: &'o Object<'a>,
        field: &Field,
    ) -> Option<&'o Node<'a>> {
        let (node, again) = object.find(field.id);
        if again {
            self.fault(field.id, Rule::Duplicate);
            return None;
        }
        let node = node.filter(|node| !node.is_absent());
        if node.is_none() && self.requires(field) {
            self.fault(field.id, Rule::Missing);
        }
        node
    }

    pub(crate) fn text(&mut self, object: &Object<'_>, field: &Field) -> Option<String> {
        match self.take(object, field)? {
            Node::Text(value) => match check_text(field, value) {
                Ok(()) => Some(value.as_ref().to_owned()),
                Err(rule) => {
                    self.fault(field.id, rule);
                    None
                }
            },
            Node::Null | Node::Object(_) | Node::Array(_) | Node::Other => {
                self.fault(field.id, Rule::WrongType("string"));
                None
            }
        }
    }

    /// Reads a nested object with these rows and conditions.
    pub(crate) fn object<T: Part>(&mut self, node: &Node<'_>, table: &'static Table) -> Option<T> {
        let Node::Object(object) = node else {
            self.fault("", Rule::WrongType("object"));
            return None;
        };
        Some(self.members(object, table))
    }

    /// Reads the members of an object that is already open.
    pub(crate) fn members<T: Part>(&mut self, object: &Object<'_>, table: &'static Table) -> T {
        let part = T::read(object, table.fields, self);
        if self.demand != Demand::Nothing {
            for condition in table.conditions {
                self.condition(object, condition);
            }
        }
        part
    }

    pub(crate) fn array<T: Part>(
        &mut self,
        object: &Object<'_>,
        field: &'static Field,
    ) -> Option<Vec<T>> {
        let node = self.take(object, field)?;
        let Node::Array(elements) = node else {
            self.fault(field.id, Rule::WrongType("array"));
            return None;
        };
        let (Kind::Objects(table), length) = (field.kind, field.length) else {
            return None;
        };
        if elements.len() < length.min {
            self.fault(field.id, Rule::TooFew(length.min));
        }
        if elements.len() > length.max {
            self.fault(field.id, Rule::TooMany(length.max));
            return None;
        }
        self.within(field.id, |context| {
            let read = |(index, element): (usize, &Node<'_>)| {
                context.step(Step::Index(index), |context| context.object(element, table))
            };
            elements.iter().enumerate().map(read).collect()
        })
    }

    fn condition(&mut self, object: &Object<'_>, condition: &'static Condition) {
        match *condition {
            Condition::Either { either, or } => {
                let absent = |id: &&&'static str| object.present(id).is_none();
                let missing = or.iter().filter(absent).count();
                // That those of a group need each other is said by conditions of their own.
                if object.present(either).is_none() && missing == or.len() {
                    self.fault(either, Rule::MissingEither(or));
                }
            }
            Condition::Needs { given, needed } => {
                if object.present(given).is_some() && object.present(needed).is_none() {
                    self.fault(needed, Rule::MissingWith(given));
                }
            }
            Condition::When { field, is, needed } => {
                let decides = match object.present(field) {
                    Some(Node::Text(value)) => is.contains(&value.as_ref()),
                    Some(_) | None => false,
                };
                if decides && object.present(needed).is_none() {
                    self.fault(needed, Rule::MissingWith(field));
                }
            }
        }
    }
}

/// Checks a text value, which is not empty, against its row.
///
/// # Errors
/// The first rule that fails: length, class, form, and that no printable text holds the number of
/// a card unless the row is one of secrets or identifiers (security section 7).
pub fn check_text(field: &Field, value: &str) -> Result<(), Rule> {
    match field.kind {
        Kind::Text(class) => {
            check_length(field, value)?;
            if !matches!(field.form, Form::Certificate) && !class.admits_all(value) {
                return Err(Rule::BadCharacters(class));
            }
            field.form.check(value)?;
            if field.is_free_text() && holds_card_number(value) {
                Err(Rule::CardNumber)
            } else {
                Ok(())
            }
        }
        Kind::SealedText(class) if !is_jwe(value) => {
            check_length(field, value)?;
            if class.admits_all(value) { Ok(()) } else { Err(Rule::BadCharacters(class)) }
        }
        Kind::SealedText(_) | Kind::SealedObject(_) => check_jwe(value),
        Kind::Object(_) => Err(Rule::WrongType("object")),
        Kind::Objects(_) => Err(Rule::WrongType("array")),
    }
}

fn check_length(field: &Field, value: &str) -> Result<(), Rule> {
    let length = if value.is_ascii() { value.len() } else { value.chars().count() };
    if length < field.length.min {
        return Err(Rule::TooShort(field.length.min));
    }
    if length > field.length.max {
        return Err(Rule::TooLong(field.length.max));
    }
    Ok(())
}

fn check_jwe(value: &str) -> Result<(), Rule> {
    if value.len() > JWE_CHARS_MAX {
        return Err(Rule::TooLong(JWE_CHARS_MAX));
    }
    if is_jwe(value) { Ok(()) } else { Err(Rule::BadForm("a JWE in compact form")) }
}

/// Whether a text has the form of a JWE: five base64url parts, none empty but perhaps the key.
#[must_use]
pub fn is_jwe(value: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut parts = 0_usize;
    let good = value.split('.').enumerate().all(|(index, part)| {
        parts = index + 1;
        (index == 1 || !part.is_empty()) && part.bytes().all(alphabet)
    });
    good && parts == 5
}
