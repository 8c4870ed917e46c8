//! Licence expressions: whether one can be met with the licences of an allow list.

use anyhow::{Result, bail};

/// Whether `expression` can be met with `allowed` alone. The old spelling with a slash means OR.
pub(crate) fn is_met(expression: &str, allowed: &[String]) -> Result<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    let met = parser.any_of()?;
    if let Some(word) = parser.words.first() {
        bail!("{expression:?} is no licence expression: unexpected {word:?}");
    }
    Ok(met)
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    fn any_of(&mut self) -> Result<bool> {
        let mut met = self.all_of()?;
        while self.take("OR") {
            met |= self.all_of()?;
        }
        Ok(met)
    }

    fn all_of(&mut self) -> Result<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Ok(met)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let met = self.any_of()?;
            if !self.take(")") {
                bail!("a licence expression lacks a closing parenthesis");
            }
            return Ok(met);
        }
        let Some(licence) = self.next() else { bail!("a licence expression ends too early") };
        if ["AND", "OR", "WITH", ")"].contains(&licence) {
            bail!("a licence expression has {licence:?} where a licence belongs");
        }
        if !self.take("WITH") {
            return Ok(self.allowed.iter().any(|allowed| allowed == licence));
        }
        let Some(exception) = self.next() else { bail!("a licence expression ends after WITH") };
        let whole = format!("{licence} WITH {exception}");
        Ok(self.allowed.contains(&whole))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    #[test]
    fn expressions_are_met_by_the_list_alone() {
        let allowed: Vec<String> =
            ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(String::from).into();
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0 OR MIT", true),
            ("MIT AND GPL-3.0", false),
            ("MIT AND ISC", true),
            ("GPL-3.0 OR MIT AND ISC", true),
            ("(GPL-3.0 OR MIT) AND BSL-1.0", false),
            ("ISC AND (Apache-2.0 OR ISC)", true),
            ("Apache-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("Apache-2.0/MIT", true),
        ] {
            assert_eq!(is_met(expression, &allowed).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn broken_expressions_are_errors() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "MIT WITH"] {
            assert!(is_met(expression, &[]).is_err(), "{expression}");
        }
    }
}
