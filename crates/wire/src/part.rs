//! From a declaration to a typed struct.
//!
//! The macro `part!` writes the table and the struct of the same rows. A struct's members are
//! `String` for M and R, `Option<String>` for C and O, `Option<T>` for objects and
//! `Option<Vec<T>>` for arrays. An empty `String` means absent, on the way in and on the way out:
//! answers that refuse carry only what could be read.

use std::fmt;

use crate::field::{Field, Presence, Table};
use crate::message::Message;
use crate::read::Context;
use crate::tree::Object;
use crate::write::Out;

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
                context: &mut $crate::read::Context,
            ) -> Self {
                let mut fields = fields.iter();
                Self { $(
                    $member: $crate::slot::Slot::read(object, fields.next(), context),
                )* }
            }

            fn write(&self, out: &mut $crate::write::Out) {
                $( $crate::slot::Slot::write(&self.$member, $id, out); )*
            }

            fn text(&self, id: &str) -> Option<&str> {
                match id {
                    $( $id => $crate::slot::Slot::text(&self.$member), )*
                    _ => None,
                }
            }

            fn set_text(&mut self, id: &str, value: &str) -> bool {
                match id {
                    $( $id => $crate::slot::Slot::set_text(&mut self.$member, value), )*
                    _ => false,
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let table = <Self as $crate::part::Part>::TABLE;
                let mut shown = formatter.debug_struct(stringify!($name));
                $( $crate::slot::Slot::show(&self.$member, table.find($id), &mut shown); )*
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
        $summary:literal, [ $($leg:expr),* $(,)? ] $(, $status:ident)?
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
            served: $crate::part::served!($($status)?),
        };

        impl $crate::part::Request for $request {
            const MESSAGE: &'static $crate::message::Message = &$name;
            type Answer = $answer;
        }
    };
}

/// Whether the platform serves a message: it does unless the declaration says `declared`.
macro_rules! served {
    () => {
        true
    };
    (declared) => {
        false
    };
}

pub(crate) use {message, part, presence, served, slot};
