//! The wallets' own books, read from their files: whose money was really taken.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

/// Places in a line of the wallets' journal.
const AMOUNT: usize = 4;
const GIVEN_BACK: usize = 5;
const STATE: usize = 12;

/// What a wallet took and gave back, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Money {
    /// Taken for good and not given back.
    pub(crate) left: u64,
    /// Given back after it was taken.
    pub(crate) given_back: u64,
}

/// Every trade by the platform's number. A file that goes is read before it does.
#[derive(Default)]
pub(crate) struct Books(HashMap<String, Money>);

impl Books {
    /// Takes in what the files say now; the last line of a trade counts.
    pub(crate) fn read(&mut self, data: &Path) {
        let mut files: Vec<_> = std::fs::read_dir(data.join("partners"))
            .expect("the partners' folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.file_name().is_some_and(is_journal))
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(file).expect("the wallets' journal");
            // The last line may have been cut off by a kill.
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for trade in lines.filter_map(|line| line.get("Trade").cloned()) {
                self.take(&trade);
            }
        }
    }

    fn take(&mut self, trade: &Value) {
        let number = |place: usize| trade[place].as_u64().expect("a number in a trade");
        // A one stands before the digits.
        let sn = number(0).to_string().split_off(1);
        let (amount, given_back) = (number(AMOUNT), number(GIVEN_BACK));
        let money = match trade[STATE].as_str() {
            Some("Paid") => Money { left: amount.saturating_sub(given_back), given_back },
            Some("GivenBack") => Money { left: 0, given_back: amount },
            _ => Money::default(),
        };
        self.0.insert(sn, money);
    }

    pub(crate) fn of(&self, sn: &str) -> Money {
        self.0.get(sn).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Money)> {
        self.0.iter().map(|(sn, money)| (sn.as_str(), *money))
    }
}

fn is_journal(name: &std::ffi::OsStr) -> bool {
    let begins = name.to_str().is_some_and(|name| name.starts_with("wallet-"));
    begins && Path::new(name).extension().is_some_and(|end| end == "jsonl")
}
