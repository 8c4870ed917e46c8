//! From a declaration to a typed struct: reading with all faults, writing, comparing.
//!
//! The macro `part!` writes the table and the struct of the same rows. A struct's members are
//! `String` for M and R, `Option<String>` for C and O, `Option<T>` for objects and
//! `Option<Vec<T>>` for arrays. An empty `String` means absent, on the way in and on the way out:
//! answers that refuse carry only what could be read.

use std::fmt;

use crate::fault::{Fault, Faults, Rule};
use crate::field::{Condition, Field, Kind, Presence, Table};
use crate::form::Form;
use crate::limits::JWE_CHARS_MAX;
use crate::message::Message;
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
                Step::Index(index) => path.push_str(&format!("[{index}]")),
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
    fn take<'o, 'a>(&mut self, object: &'o Object<'a>, field: &Field) -> Option<&'o Node<'a>> {
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

    fn text(&mut self, object: &Object<'_>, field: &Field) -> Option<String> {
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

    fn array<T: Part>(&mut self, object: &Object<'_>, field: &'static Field) -> Option<Vec<T>> {
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
                if object.present(either).is_some() || missing == 0 {
                    return;
                }
                if missing == or.len() {
                    self.fault(either, Rule::MissingEither(or));
                } else {
                    or.iter().filter(absent).for_each(|id| self.fault(*id, Rule::Missing));
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
/// The first rule that fails: length, class, form.
pub fn check_text(field: &Field, value: &str) -> Result<(), Rule> {
    match field.kind {
        Kind::Text(class) => {
            check_length(field, value)?;
            if !matches!(field.form, Form::Certificate) && !class.admits_all(value) {
                return Err(Rule::BadCharacters(class));
            }
            field.form.check(value)
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

/// An object of the protocol with its declaration.
pub trait Part: Clone + Default + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The declaration.
    const TABLE: &'static Table;

    /// Reads the members that `fields` declares; faults go to the context.
    fn read(object: &Object<'_>, fields: &'static [Field], context: &mut Context) -> Self;

    /// Writes the members that are there, in the order of the declaration.
    fn write(&self, out: &mut Out);

    /// The value of a text member, if it is there.
    fn text(&self, id: &str) -> Option<&str>;

    /// Sets a text member; false if there is no such member.
    fn set_text(&mut self, id: &str, value: &str) -> bool;
}

/// The request half of a message, which knows its message and its answer.
pub trait Request: Part {
    /// The declaration of the message.
    const MESSAGE: &'static Message;
    /// The fields of the answer.
    type Answer: Part;
}

/// The keys that an answer returns: mandatory and returned members of the request's value.
#[must_use]
pub fn returned<T: Request>(request: &T) -> T::Answer {
    let mut answer = T::Answer::default();
    for field in <T::Answer as Part>::TABLE.fields {
        if matches!(field.presence, Presence::Returned | Presence::Mandatory)
            && let Some(value) = request.text(field.id)
        {
            answer.set_text(field.id, value);
        }
    }
    answer
}

/// A writer of JSON in the order of the declaration.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
}

impl Out {
    /// An empty writer with room for a usual message.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(1024) }
    }

    /// The bytes written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes `{`, the members that `inside` writes, and `}`.
    pub fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.bytes.push(b'{');
        inside(self);
        self.bytes.push(b'}');
    }

    /// Writes a comma where one is due, and the member's name.
    pub fn name(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.bytes.push(b':');
    }

    /// Writes a text member unless it is empty.
    pub fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.name(name);
            self.string(value);
        }
    }

    /// Writes a member that is an object.
    pub fn part<T: Part>(&mut self, name: &str, part: &T) {
        self.name(name);
        self.object(|out| part.write(out));
    }

    fn array<T: Part>(&mut self, name: &str, parts: &[T]) {
        self.name(name);
        self.bytes.push(b'[');
        for part in parts {
            self.comma();
            self.object(|out| part.write(out));
        }
        self.bytes.push(b']');
    }

    fn comma(&mut self) {
        if !matches!(self.bytes.last(), Some(b'{' | b'[') | None) {
            self.bytes.push(b',');
        }
    }

    fn string(&mut self, value: &str) {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if value.bytes().all(plain) {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(value.as_bytes());
            self.bytes.push(b'"');
        } else {
            let quoted = serde_json::Value::from(value).to_string();
            self.bytes.extend_from_slice(quoted.as_bytes());
        }
    }
}

/// A member of a struct that `part!` makes: how it is read, written and shown.
pub trait Slot: Default {
    /// Reads the member that `field` declares.
    fn read(object: &Object<'_>, field: Option<&'static Field>, context: &mut Context) -> Self;
    /// Writes it if it is there.
    fn write(&self, id: &str, out: &mut Out);
    /// Its text, if it is a text and there.
    fn text(&self) -> Option<&str> {
        None
    }
    /// Sets its text, if it is a text.
    fn set_text(&mut self, _value: &str) -> bool {
        false
    }
    /// Shows it, unless it is absent; `field` says whether it is to be hidden.
    fn show(&self, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>);
}

fn show_text(text: &str, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>) {
    if let Some(field) = field
        && !text.is_empty()
    {
        let shown_text = if field.secret { "[hidden]" } else { text };
        shown.field(field.id, &shown_text);
    }
}

impl Slot for String {
    fn read(object: &Object<'_>, field: Option<&'static Field>, context: &mut Context) -> Self {
        field.and_then(|field| context.text(object, field)).unwrap_or_default()
    }

    fn write(&self, id: &str, out: &mut Out) {
        out.text(id, self);
    }

    fn text(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }

    fn set_text(&mut self, value: &str) -> bool {
        value.clone_into(self);
        true
    }

    fn show(&self, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>) {
        show_text(self, field, shown);
    }
}

impl Slot for Option<String> {
    fn read(object: &Object<'_>, field: Option<&'static Field>, context: &mut Context) -> Self {
        field.and_then(|field| context.text(object, field))
    }

    fn write(&self, id: &str, out: &mut Out) {
        out.text(id, self.as_deref().unwrap_or_default());
    }

    fn text(&self) -> Option<&str> {
        self.as_deref().filter(|text| !text.is_empty())
    }

    fn set_text(&mut self, value: &str) -> bool {
        *self = Some(value.to_owned());
        true
    }

    fn show(&self, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>) {
        show_text(self.as_deref().unwrap_or_default(), field, shown);
    }
}

impl<T: Part> Slot for Option<T> {
    fn read(object: &Object<'_>, field: Option<&'static Field>, context: &mut Context) -> Self {
        let field = field?;
        let node = context.take(object, field)?;
        let table = field.nested()?;
        context.within(field.id, |context| context.object(node, table))
    }

    fn write(&self, id: &str, out: &mut Out) {
        if let Some(part) = self {
            out.part(id, part);
        }
    }

    fn show(&self, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>) {
        if let (Some(part), Some(field)) = (self, field) {
            shown.field(field.id, part);
        }
    }
}

impl<T: Part> Slot for Option<Vec<T>> {
    fn read(object: &Object<'_>, field: Option<&'static Field>, context: &mut Context) -> Self {
        field.and_then(|field| context.array(object, field))
    }

    fn write(&self, id: &str, out: &mut Out) {
        if let Some(parts) = self {
            out.array(id, parts);
        }
    }

    fn show(&self, field: Option<&Field>, shown: &mut fmt::DebugStruct<'_, '_>) {
        if let (Some(parts), Some(field)) = (self, field) {
            shown.field(field.id, parts);
        }
    }
}

/// The type of a member from its presence and nesting.
macro_rules! slot {
    (M) => { String };
    (R) => { String };
    (C) => { Option<String> };
    (O) => { Option<String> };
    ($presence:ident {$object:ident}) => { Option<$object> };
    ($presence:ident [$element:ident]) => { Option<Vec<$element>> };
}

/// The presence of a row from its letter.
macro_rules! presence {
    (M) => {
        $crate::field::Presence::Mandatory
    };
    (C) => {
        $crate::field::Presence::Conditional
    };
    (O) => {
        $crate::field::Presence::Optional
    };
    (R) => {
        $crate::field::Presence::Returned
    };
}

/// Declares an object once: rows of `member "identifier" presence (row);`, with `[Type]` before
/// the row for an array and `{Type}` for an object. Conditions follow the name after `where`.
macro_rules! part {
    (
        $(#[$doc:meta])*
        $name:ident $(where [ $($condition:expr),* $(,)? ])? {
            $( $member:ident $id:literal $presence:ident
               $([$element:ident])? $({$object:ident})? ($row:expr); )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default)]
        pub struct $name {
            $(
                #[doc = concat!("`", $id, "`, bounds and meaning as in the table.")]
                pub $member: slot!($presence $([$element])? $({$object})?),
            )*
        }

        impl $crate::part::Part for $name {
            const TABLE: &'static $crate::field::Table = &$crate::field::Table {
                name: stringify!($name),
                fields: &[ $(
                    ($row).declare($id, presence!($presence))
                        $(.nest(<$element as $crate::part::Part>::TABLE))?
                        $(.nest(<$object as $crate::part::Part>::TABLE))?,
                )* ],
                conditions: &[ $($($condition),*)? ],
            };

            fn read(
                object: &$crate::tree::Object<'_>,
                fields: &'static [$crate::field::Field],
                context: &mut $crate::part::Context,
            ) -> Self {
                let mut fields = fields.iter();
                Self { $(
                    $member: $crate::part::Slot::read(object, fields.next(), context),
                )* }
            }

            fn write(&self, out: &mut $crate::part::Out) {
                $( $crate::part::Slot::write(&self.$member, $id, out); )*
            }

            fn text(&self, id: &str) -> Option<&str> {
                match id {
                    $( $id => $crate::part::Slot::text(&self.$member), )*
                    _ => None,
                }
            }

            fn set_text(&mut self, id: &str, value: &str) -> bool {
                match id {
                    $( $id => $crate::part::Slot::set_text(&mut self.$member, value), )*
                    _ => false,
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let table = <Self as $crate::part::Part>::TABLE;
                let mut shown = formatter.debug_struct(stringify!($name));
                $( $crate::part::Slot::show(&self.$member, table.find($id), &mut shown); )*
                shown.finish()
            }
        }
    };
}

/// Declares a message once and binds the typed structs of its two halves to it.
macro_rules! message {
    (
        $(#[$doc:meta])*
        $name:ident: $request:ident => $answer:ident, $source:ident, $title:literal,
        $summary:literal, [ $($leg:expr),* $(,)? ]
    ) => {
        $(#[$doc])*
        pub static $name: $crate::message::Message = $crate::message::Message {
            name: stringify!($name),
            title: $title,
            summary: $summary,
            source: $crate::field::Source::$source,
            legs: &[ $($leg),* ],
            request: <$request as $crate::part::Part>::TABLE,
            answer: Some(<$answer as $crate::part::Part>::TABLE),
            signed_in_body: false,
        };

        impl $crate::part::Request for $request {
            const MESSAGE: &'static $crate::message::Message = &$name;
            type Answer = $answer;
        }
    };
}

pub(crate) use {message, part, presence, slot};
