//! How the members of a declared struct are read, written and shown.

use std::fmt;

use crate::field::Field;
use crate::part::Part;
use crate::read::Context;
use crate::tree::Object;
use crate::write::Out;

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
