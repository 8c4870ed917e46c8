//! The reference tables: the columns of the published pages, and the source of each row.

use std::fmt::Write as _;

use crate::field::{Field, Kind, Length, Table};
use crate::form::Form;
use crate::message::{Leg, Message, NOT_SERVED, Shape, Side};
use crate::ucsp::outline;

/// The columns, as the published tables name them.
pub const COLUMNS: [&str; 7] =
    ["Field name", "Identifier", "Type", "Length", "Request", "Default value", "Note"];

/// One row of a reference table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How deep the field stands: 0 at top level.
    pub depth: usize,
    /// The texts of the [`COLUMNS`].
    pub cells: [String; 7],
    /// Where the row comes from: S, P, F or D.
    pub source: &'static str,
}

/// The rows of one half of a message in a shape, envelope and nested fields included.
#[must_use]
pub fn rows(message: &Message, shape: Shape, side: Side) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(&outline(message, shape, side), 0, &[], &mut rows);
    rows
}

/// The same rows without those below the objects named.
pub(crate) fn rows_closed(
    message: &Message,
    shape: Shape,
    side: Side,
    closed: &[&str],
) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(&outline(message, shape, side), 0, closed, &mut rows);
    rows
}

/// The rows of one table, for instance the plaintext of a sealed object.
#[must_use]
pub fn rows_of(table: &Table) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(table.fields, 0, &[], &mut rows);
    rows
}

fn collect(fields: &[Field], depth: usize, closed: &[&str], rows: &mut Vec<Row>) {
    for field in fields {
        rows.push(row(field, depth));
        if let Some(table) = field.nested()
            && !closed.contains(&field.id)
        {
            collect(table.fields, depth + 1, closed, rows);
        }
    }
}

fn row(field: &Field, depth: usize) -> Row {
    let cells = [
        field.name.to_owned(),
        field.id.to_owned(),
        kind(field).to_owned(),
        length(field),
        field.presence.words().to_owned(),
        field.default.unwrap_or_default().to_owned(),
        note(field),
    ];
    Row { depth, cells, source: field.source.mark() }
}

fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Text(class) | Kind::SealedText(class) => class.code(),
        Kind::Object(_) | Kind::SealedObject(_) => "Object",
        Kind::Objects(_) => "Object[]",
    }
}

fn length(field: &Field) -> String {
    let Length { min, max } = field.length;
    match field.kind {
        Kind::Object(_) | Kind::SealedObject(_) => String::new(),
        Kind::Text(_) | Kind::SealedText(_) | Kind::Objects(_) if min == max => max.to_string(),
        Kind::Text(_) | Kind::SealedText(_) | Kind::Objects(_) => format!("{min}-{max}"),
    }
}

/// The note with the form and the allowed values, which the declaration keeps apart.
fn note(field: &Field) -> String {
    let mut parts = Vec::new();
    if !field.note.is_empty() {
        parts.push(field.note.to_owned());
    }
    if let Form::Values(values) = field.form {
        let value = |(value, meaning): &(&str, &str)| format!("{value}: {meaning}");
        parts.push(values.iter().map(value).collect::<Vec<_>>().join(", "));
    } else {
        let words = field.form.words();
        let said = words.rsplit(' ').next().is_some_and(|last| field.note.contains(last));
        if !words.is_empty() && !said {
            parts.push(words.to_owned());
        }
    }
    parts.join("; ")
}

/// One message as text for a terminal: what it is, its ways, its tables.
#[must_use]
pub fn text(message: &Message) -> String {
    let mut out = format!("{}  {}\n\n", message.name, message.title);
    for line in wrap(message.summary, 96) {
        let _ = writeln!(out, "{line}");
    }
    if !message.served {
        let _ = writeln!(out, "\nStatus: {NOT_SERVED}");
    }
    for leg in message.legs {
        let _ = writeln!(out, "\n{}", way(leg));
        for side in [Side::Request, Side::Answer] {
            let rows = rows(message, leg.shape, side);
            if !rows.is_empty() {
                let _ = writeln!(out, "\n{}\n{}", half(side), aligned(&rows));
            }
        }
    }
    out
}

/// A leg in one line.
pub(crate) fn way(leg: &Leg) -> String {
    let shape = match leg.shape {
        Shape::Flat => "flat",
        Shape::Wrapped => "wrapped",
        Shape::Query => "query",
    };
    let (from, to) = (leg.from.words(), leg.to.words());
    format!("{from} to {to}: {} {} ({shape})", leg.method.name(), leg.address.words())
}

/// The heading of a half.
pub(crate) const fn half(side: Side) -> &'static str {
    match side {
        Side::Request => "Request",
        Side::Answer => "Answer",
    }
}

fn aligned(rows: &[Row]) -> String {
    let indented = |row: &Row| {
        let mut cells = row.cells.clone();
        cells[0] = format!("{}{}", "  ".repeat(row.depth), cells[0]);
        cells
    };
    let table: Vec<[String; 7]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(rows.iter().map(indented)).collect();
    let width = |column: usize| {
        table.iter().map(|cells| cells[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut out = String::new();
    for cells in &table {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// Breaks a text into lines of at most so many characters, where words allow.
fn wrap(text: &str, chars_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= chars_max => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
