//! Words that may not stand in code or in comments, with what to do instead.

use super::Finding;
use super::scan::{Scanned, is_word};

/// Where a word is looked for.
#[derive(Clone, Copy)]
enum Place {
    Code,
    Comments,
}

struct Ban {
    word: &'static str,
    place: Place,
    instead: &'static str,
    /// Parts of paths where it may stand, each for a reason.
    allowed: &'static [(&'static str, &'static str)],
}

const NOWHERE: &[(&str, &str)] = &[];

const CLOCK_INSTEAD: &str = "take the time as an argument; only the server's clock reads it";
const CLOCK_ALLOWED: &[(&str, &str)] = &[
    ("/crates/app/src/clock.rs", "it is the clock that all others get"),
    ("/crates/server/", "it makes the clock and measures its own start"),
    ("/crates/api/src/ops/", "latencies are measured in real time"),
    ("/crates/egress/", "deadlines of sockets are real time"),
    ("/crates/delivery/src/metered.rs", "latencies are measured in real time"),
    ("/tests/", "a test may stand for a partner with a clock of its own"),
    ("/xtask/", "a tool, not the product"),
    ("/crates/sdk/src/terminal/clock.rs", "it is the clock of a till"),
    ("/crates/load/", "a measurement needs the real clock"),
    ("/benches/", "a measurement needs the real clock"),
    ("/sim/src/time.rs", "it is the virtual clock of a run"),
    ("/examples/", "small measuring programs"),
];

const SLEEP_ALLOWED: &[(&str, &str)] = &[
    ("/crates/app/src/clock.rs", "waiting for business time is its task"),
    ("/crates/api/src/serve.rs", "a pause when the system has no more sockets to give"),
    ("/crates/server/", "the loops that wait for work, and the shutdown"),
    ("/tests/src/", "polling a program of its own until it has done something, bounded"),
    ("/tests/tests/crash/", "a random instant to kill at, and programs that start and stop"),
    ("/xtask/", "a tool, not the product"),
    ("/sim/src/time.rs", "it waits in virtual time"),
    ("/crates/sdk/src/terminal/clock.rs", "it is the clock of a till"),
    ("/crates/load/", "a set rate waits for its turns, probes pause between two questions"),
];

const OUTBOUND_INSTEAD: &str = "only egress opens outbound connections; use its Client";
const OUTBOUND_ALLOWED: &[(&str, &str)] = &[
    ("/crates/egress/", "it is the one"),
    ("/tests/", "raw requests are what they test"),
    ("/xtask/", "a tool, not the product"),
    ("/crates/load/", "the load comes from outside the product"),
];

const MD5_INSTEAD: &str = "the weak hash of the terminals has one home; use jose::terminal";
const MD5_ALLOWED: &[(&str, &str)] = &[("/crates/jose/src/terminal.rs", "it is that home")];

const BANS: &[Ban] = &[
    code("todo!", "write it, or leave it out"),
    code("unimplemented!", "write it, or leave it out"),
    code("#[allow(", "use #[expect(lint, reason = \"...\")]"),
    code("#![allow(", "use #![expect(lint, reason = \"...\")]"),
    code("#[ignore", "a test runs, or it is deleted"),
    comment("FIXME", "mend it, or open an issue"),
    comment("TODO", "do it, or open an issue"),
    comment("XXX", "say what is wrong in a sentence, or mend it"),
    comment("HACK", "say why in a sentence"),
    except("SystemTime::now(", CLOCK_INSTEAD, CLOCK_ALLOWED),
    except("Timestamp::now(", CLOCK_INSTEAD, CLOCK_ALLOWED),
    except("Zoned::now(", CLOCK_INSTEAD, CLOCK_ALLOWED),
    except("Instant::now(", CLOCK_INSTEAD, CLOCK_ALLOWED),
    except("sleep(", "wait for the event itself, with a deadline", SLEEP_ALLOWED),
    except("TcpStream::connect(", OUTBOUND_INSTEAD, OUTBOUND_ALLOWED),
    except("hyper_util::client", OUTBOUND_INSTEAD, OUTBOUND_ALLOWED),
    except("hyper::client", OUTBOUND_INSTEAD, OUTBOUND_ALLOWED),
    except("rsa_raw::md5", MD5_INSTEAD, MD5_ALLOWED),
];

const fn code(word: &'static str, instead: &'static str) -> Ban {
    Ban { word, place: Place::Code, instead, allowed: NOWHERE }
}

const fn comment(word: &'static str, instead: &'static str) -> Ban {
    Ban { word, place: Place::Comments, instead, allowed: NOWHERE }
}

const fn except(
    word: &'static str,
    instead: &'static str,
    allowed: &'static [(&'static str, &'static str)],
) -> Ban {
    Ban { word, place: Place::Code, instead, allowed }
}

/// All banned words of all files.
pub(crate) fn check(rust: &[Scanned<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in rust {
        let path = format!("/{}", file.source.path);
        for ban in BANS {
            if ban.allowed.iter().any(|(part, _)| path.contains(part)) {
                continue;
            }
            let text = match ban.place {
                Place::Code => &file.code,
                Place::Comments => &file.comments,
            };
            for (index, line) in text.lines().enumerate() {
                if stands_in(line, ban.word) {
                    let advice = format!("{}: {}", ban.word.trim_end_matches('('), ban.instead);
                    found.push(file.source.finding(index + 1, "word", advice));
                }
            }
        }
    }
    found
}

/// Whether the word stands in the line and not as a part of a longer one.
fn stands_in(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let begins = !(word.starts_with(is_word) && before.is_some_and(is_word));
        let ends = !(word.ends_with(is_word) && after.is_some_and(is_word));
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::super::SourceFile;
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let source = SourceFile { path: path.into(), text: text.into() };
        check(&[Scanned::new(&source)]).into_iter().map(|finding| finding.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn words_are_found_in_their_place_only() {
        let path = "crates/domain/src/a.rs";
        assert_eq!(lines(path, "let a = 1;\n    todo!();\n"), [2]);
        assert_eq!(lines(path, "// one should todo!() it\nlet a = \"FIXME\";\n"), NONE);
        assert_eq!(lines(path, "let a = 1; // FIXME later\n"), [1]);
        assert_eq!(lines(path, "let a = Timestamp::now();\nmy_sleep();\n"), [1]);
        assert_eq!(lines(path, "sleep(a).await;\ntokio::time::sleep(a);\n"), [1, 2]);
        assert_eq!(lines(path, "#[ignored]\nfn f() {}\n// XXXX and HACKED\n"), NONE);
    }

    #[test]
    fn the_owner_of_the_clock_may_read_it() {
        assert_eq!(lines("crates/server/src/clock.rs", "Timestamp::now()"), NONE);
        assert_eq!(lines("crates/api/src/clock.rs", "Timestamp::now()"), [1]);
    }
}
