//! How a command fails: one line on standard error that says what to do, and an exit status.
//!
//! Status 0 is success, 2 wrong usage, 1 everything else (`interface.md`, commands).

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// What a command returns.
pub(crate) type Outcome = Result<(), Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    usage: bool,
}

impl Failure {
    /// The command was right, but could not be carried out: status 1.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), usage: false }
    }

    /// The command was called wrongly: status 2.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), usage: true }
    }

    /// Puts what was being done in front, such as the file that was read.
    pub(crate) fn at(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::new(format!("{what}: {error}"))
    }

    /// The same of another file: that which the operator named instead of one made meanwhile.
    pub(crate) fn about(self, made: &Path, named: &Path) -> Self {
        let (made, named) = (made.display().to_string(), named.display().to_string());
        Self { text: self.text.replace(&made, &named), ..self }
    }

    /// The exit status.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    /// One line whatever the cause said: line ends inside it become blanks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        f.write_str(&words.join(" "))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        let failure = Failure::at("config.toml", "expected\n  a string,\r\nfound\ta number");
        assert_eq!(failure.to_string(), "config.toml: expected a string, found a number");
    }
}
