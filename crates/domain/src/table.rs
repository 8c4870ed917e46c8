//! The state x command table: what each command does in each state, computed by asking `decide`.

use std::fmt::Write as _;

use crate::decide::{Decision, decide};
use crate::{apply, samples};

/// The table as a Markdown page: a section for each state, a row for each command.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for (label, order) in samples::orders() {
        let _ = write!(
            page,
            "\n## {label}\n\n| command | what happens | state after |\n|---|---|---|\n"
        );
        for (name, command, at) in samples::commands() {
            let (what, after) = match decide(&order, &command, at) {
                Ok(Decision::Nothing) => ("nothing".to_owned(), order.state.name()),
                Ok(Decision::Happens(event)) => {
                    let after = apply(order.clone(), &event);
                    let after = after.map_or("impossible", |after| after.state.name());
                    (format!("**{}**", event.name()), after)
                }
                Err(no) => (format!("rejected {}: {no}", no.number()), order.state.name()),
            };
            let _ = writeln!(page, "| {name} | {what} | {after} |");
        }
    }
    page
}

const INTRODUCTION: &str = "# What each command does in each state

Computed from the rules themselves; `cargo xtask generate` writes this page and `cargo xtask tidy`
compares it. The sample order is over HKD 25.00; a refund that the sample carries is over HKD 10.00.
";
