//! One table of the file: reads settings by name, and knows which were not asked for.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use toml::{Table, Value};

/// One table of the file, or nothing where it is left out.
pub(super) struct Section<'a> {
    prefix: &'static str,
    table: Option<&'a Table>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The settings outside any table.
    pub(super) const fn top(table: &'a Table) -> Self {
        Self { prefix: "", table: Some(table), known: Vec::new() }
    }

    /// One table of a list of tables.
    pub(super) const fn named(prefix: &'static str, table: &'a Table) -> Self {
        Self { prefix, table: Some(table), known: Vec::new() }
    }

    /// A setting that is read elsewhere.
    pub(super) fn known(&mut self, name: &'static str) {
        self.known.push(name);
    }

    /// A table inside this one.
    pub(super) fn section(&mut self, name: &'static str, faults: &mut Vec<String>) -> Self {
        let value = self.value(name);
        let table = value.and_then(Value::as_table);
        if value.is_some() && table.is_none() {
            faults.push(format!("{name}: must be a table, written [{name}]"));
        }
        Self { prefix: name, table, known: Vec::new() }
    }

    /// A setting that is a text.
    pub(super) fn text(&mut self, name: &'static str, faults: &mut Vec<String>) -> Option<String> {
        match self.value(name)?.as_str() {
            Some("") => self.fault(name, "is empty", faults),
            Some(text) => Some(text.to_owned()),
            None => self.fault(name, "must be a text in quotes", faults),
        }
    }

    /// A setting that is a text and must be there.
    pub(super) fn required_text(
        &mut self,
        name: &'static str,
        faults: &mut Vec<String>,
    ) -> Option<String> {
        if self.value(name).is_none() {
            return self.fault(name, "is missing", faults);
        }
        self.text(name, faults)
    }

    /// A setting that is a list of texts.
    pub(super) fn texts(&mut self, name: &'static str, faults: &mut Vec<String>) -> Vec<String> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let list = value.as_array().map(|list| {
            list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        match list.flatten() {
            Some(list) => list,
            None => self.fault(name, "must be a list of texts", faults).unwrap_or_default(),
        }
    }

    /// A setting that is true or false.
    pub(super) fn flag(&mut self, name: &'static str, faults: &mut Vec<String>) -> Option<bool> {
        let flag = self.value(name)?.as_bool();
        flag.or_else(|| self.fault(name, "must be true or false", faults))
    }

    /// A setting that is a whole number.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
        faults: &mut Vec<String>,
    ) -> Option<i64> {
        let number = self.value(name)?.as_integer().filter(|number| range.contains(number));
        number.or_else(|| {
            let rule = format!("must be a number, {} to {}", range.start(), range.end());
            self.fault(name, &rule, faults)
        })
    }

    /// A setting that is an address with a port.
    pub(super) fn address(
        &mut self,
        name: &'static str,
        faults: &mut Vec<String>,
    ) -> Option<SocketAddr> {
        let text = self.text(name, faults)?;
        text.parse().ok().or_else(|| {
            let rule = format!("{text:?} is no address such as 127.0.0.1:8080");
            self.fault(name, &rule, faults)
        })
    }

    /// An address that must be there.
    pub(super) fn required_address(
        &mut self,
        name: &'static str,
        faults: &mut Vec<String>,
    ) -> Option<SocketAddr> {
        if self.value(name).is_none() {
            return self.fault(name, "is missing", faults);
        }
        self.address(name, faults)
    }

    /// Names every setting that nobody asked for.
    pub(super) fn finish(self, faults: &mut Vec<String>) {
        let Some(table) = self.table else { return };
        for name in table.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let known = self.known.join(", ");
            faults.push(format!("{}: is not known here; known are {known}", self.path(name)));
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.table?.get(name)
    }

    fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    fn fault<T>(&self, name: &str, rule: &str, faults: &mut Vec<String>) -> Option<T> {
        faults.push(format!("{}: {rule}", self.path(name)));
        None
    }
}
