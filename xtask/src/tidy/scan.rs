//! A small scanner for Rust: what is code, what is comment, and where functions begin and end.
//!
//! It understands strings, raw strings, characters, lifetimes and nested comments, which is all
//! that counting braces and looking for words needs. It does not parse.

use super::SourceFile;

/// A file split into code and comments. Both have the length and the lines of the file; what is
/// neither (the insides of literals) is blank in both.
pub(crate) struct Scanned<'a> {
    pub(crate) source: &'a SourceFile,
    pub(crate) code: String,
    pub(crate) comments: String,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Line of the word `fn`, from 1.
    pub(crate) line: usize,
    /// Lines from there to the closing brace, both included.
    pub(crate) lines: usize,
}

impl<'a> Scanned<'a> {
    pub(crate) fn new(source: &'a SourceFile) -> Self {
        let mut splitter = Splitter {
            text: source.text.chars().collect(),
            at: 0,
            code: String::with_capacity(source.text.len()),
            comments: String::with_capacity(source.text.len()),
        };
        splitter.run();
        Self { source, code: splitter.code, comments: splitter.comments }
    }

    pub(crate) fn line_count(&self) -> usize {
        self.source.text.lines().count()
    }

    /// All functions with a body, those inside others too.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let code: Vec<char> = self.code.chars().collect();
        let mut found = Vec::new();
        let mut line = 1;
        for at in 0..code.len() {
            if code[at] == '\n' {
                line += 1;
            }
            if let Some(function) = function_at(&code, at, line) {
                found.push(function);
            }
        }
        found
    }
}

/// Where the text is cut into code, comments and literals.
struct Splitter {
    text: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

impl Splitter {
    fn run(&mut self) {
        while let Some(current) = self.peek(0) {
            match (current, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('\'', _) => self.character(),
                ('r', _) if !self.is_inside_word() => self.raw_string(),
                ('b' | 'c', Some('r')) if !self.is_inside_word() => {
                    self.take(Part::Code);
                    self.raw_string();
                }
                _ => self.take(Part::Code),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn is_inside_word(&self) -> bool {
        self.at
            .checked_sub(1)
            .and_then(|before| self.text.get(before))
            .copied()
            .is_some_and(is_word)
    }

    /// Moves one character on, into the part it belongs to.
    fn take(&mut self, part: Part) {
        let Some(current) = self.peek(0) else { return };
        self.at += 1;
        let blank = if current == '\n' { '\n' } else { ' ' };
        self.code.push(if part == Part::Code { current } else { blank });
        self.comments.push(if part == Part::Comment { current } else { blank });
    }

    fn take_many(&mut self, count: usize, part: Part) {
        for _ in 0..count {
            self.take(part);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|current| current != '\n') {
            self.take(Part::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.peek(0).is_some() {
            let change = match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => 1,
                (Some('*'), Some('/')) => -1,
                _ => 0,
            };
            self.take_many(if change == 0 { 1 } else { 2 }, Part::Comment);
            depth = depth.saturating_add_signed(change);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Part::Code);
        while let Some(current) = self.peek(0) {
            match current {
                '"' => return self.take(Part::Code),
                '\\' => self.take_many(2, Part::Literal),
                _ => self.take(Part::Literal),
            }
        }
    }

    /// At the `r` of a raw string, of a raw identifier or of an ordinary word.
    fn raw_string(&mut self) {
        let after = self.text.iter().skip(self.at + 1);
        let hashes = after.take_while(|it| **it == '#').count();
        if self.peek(1 + hashes) != Some('"') {
            return self.take(Part::Code);
        }
        self.take_many(2 + hashes, Part::Code);
        while self.peek(0).is_some() {
            let closes = self.peek(0) == Some('"')
                && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if closes {
                return self.take_many(1 + hashes, Part::Code);
            }
            self.take(Part::Literal);
        }
    }

    /// At a quote: a character, or a lifetime, which has no closing quote.
    fn character(&mut self) {
        let is_escape = self.peek(1) == Some('\\');
        if !is_escape && self.peek(2) != Some('\'') {
            return self.take(Part::Code);
        }
        self.take(Part::Code);
        self.take_many(if is_escape { 2 } else { 1 }, Part::Literal);
        while self.peek(0).is_some_and(|current| current != '\'') {
            self.take(Part::Literal);
        }
        self.take(Part::Code);
    }
}

pub(crate) fn is_word(current: char) -> bool {
    current.is_alphanumeric() || current == '_'
}

/// The function whose `fn` stands at `at`, if one with a body does.
fn function_at(code: &[char], at: usize, line: usize) -> Option<Function> {
    let is_start = code.get(at..at + 2)? == ['f', 'n']
        && !at.checked_sub(1).and_then(|before| code.get(before)).copied().is_some_and(is_word);
    if !is_start || !code.get(at + 2)?.is_whitespace() {
        return None;
    }
    let name: String = code
        .get(at + 3..)?
        .iter()
        .skip_while(|it| it.is_whitespace())
        .take_while(|it| is_word(**it))
        .collect();
    if name.is_empty() {
        return None;
    }
    let open = body_start(code, at)?;
    let close = closing_brace(code, open)?;
    let lines = 1 + code.get(at..close)?.iter().filter(|it| **it == '\n').count();
    Some(Function { name, line, lines })
}

/// The opening brace of the body; a semicolon first means that there is none.
fn body_start(code: &[char], from: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, current) in code.iter().enumerate().skip(from) {
        match current {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn closing_brace(code: &[char], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, current) in code.iter().enumerate().skip(open) {
        match current {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "a.rs".into(), text: text.into() }
    }

    fn code(text: &str) -> String {
        Scanned::new(&file(text)).code
    }

    #[test]
    fn literals_and_comments_are_no_code() {
        for (text, expected) in [
            ("a // b {\nc", "a       \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("a { \" b")"#, r#"f("        ")"#),
            (r##"r#"a " {"# x"##, r##"r#"     "# x"##),
            (r#"br"a\" x"#, r#"br"  " x"#),
            (r#"b"{" x"#, r#"b" " x"#),
            ("'{' x", "' ' x"),
            (r"'\'' x", r"'  ' x"),
            (r"'\u{7d}' x", r"'      ' x"),
            ("&'a str {", "&'a str {"),
            ("r#fn r {", "r#fn r {"),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_are_kept_apart() {
        let source = file("let a = \"// no\"; // yes\n");
        let scanned = Scanned::new(&source);
        assert_eq!(scanned.comments.trim(), "// yes");
        assert_eq!(scanned.comments.len(), source.text.len());
    }

    #[test]
    fn functions_are_found_with_their_lengths() {
        let source = file(concat!(
            "//! fn in_comment() {}\n",
            "trait T { fn declared(&self) -> [u8; 4]; fn given(&self) {} }\n",
            "pub const fn long(a: [u8; 2]) -> u8\nwhere\n    u8: Copy,\n{\n",
            "    let s = \"}\";\n    fn inner() {\n    }\n    '}' as u8\n}\n",
            "type F = fn(u8) -> u8;\nmacro_rules! m { () => { fn $name() {} } }\n",
        ));
        let found: Vec<(String, usize, usize)> = Scanned::new(&source)
            .functions()
            .into_iter()
            .map(|it| (it.name, it.line, it.lines))
            .collect();
        let expected = [("given", 2, 1), ("long", 3, 9), ("inner", 8, 2)];
        assert_eq!(found, expected.map(|(name, line, lines)| (name.to_owned(), line, lines)));
    }
}
