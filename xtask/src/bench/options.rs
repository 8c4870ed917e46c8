//! What is measured, over which store, how long.

use anyhow::{Context, Result, bail};

use super::ground::Store;

const USAGE: &str = "cargo xtask bench [--store sqlite|postgres] [--only PART,PART] [--name NAME] \
                     [--seconds N] [--warmup N] [--rounds N] [--connections N] [--prefill N] \
                     [--long SECONDS] [--sizes N,N] [--receivers N]; parts: start, store, submit, \
                     inquiry, till, growth, delivery, recovery; `fill` and `forget` make and take \
                     away the filled databases alone";
const SECONDS_MAX: u64 = 60;
const LONG_SECONDS_MAX: u64 = 600;
const ORDERS_MAX: u64 = 100_000_000;
const ROUNDS_MAX: u64 = 20;
const RECEIVERS_MAX: u64 = 1_000;
/// Orders in the tables when growth is measured, unless told.
const SIZES: [u64; 3] = [100_000, 1_000_000, 10_000_000];

/// What is measured at once, and written down at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// First start, later starts, memory, size.
    Start,
    /// The store alone through its port.
    Store,
    /// SUBMIT_PAYMENT_ORDER.
    Submit,
    /// PAYMENT_RESULT_INQUIRY.
    Inquiry,
    /// Payments and queries of terminals.
    Till,
    /// Payments over tables of several sizes.
    Growth,
    /// Notices, with and without a dead receiver.
    Delivery,
    /// From a start after kill -9 until ready.
    Recovery,
}

impl Part {
    /// All, in the order in which they are measured and shown.
    pub(crate) const ALL: [Self; 8] = [
        Self::Start,
        Self::Store,
        Self::Submit,
        Self::Inquiry,
        Self::Till,
        Self::Growth,
        Self::Delivery,
        Self::Recovery,
    ];

    /// The name in results and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Store => "store",
            Self::Submit => "submit",
            Self::Inquiry => "inquiry",
            Self::Till => "till",
            Self::Growth => "growth",
            Self::Delivery => "delivery",
            Self::Recovery => "recovery",
        }
    }

    /// Whether it differs between the stores.
    pub(crate) fn applies_to(self, store: Store) -> bool {
        self != Self::Start || store == Store::Sqlite
    }
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) seconds: u64,
    pub(crate) warmup: u64,
    pub(crate) rounds: u64,
    pub(crate) connections: u64,
    /// Orders in the tables before payments at terminals are measured.
    pub(crate) prefill: u64,
    /// Seconds of the run that shows stalls.
    pub(crate) long: u64,
    /// Orders in the tables when growth is measured.
    pub(crate) sizes: Vec<u64>,
    /// Receivers of notices.
    pub(crate) receivers: u64,
    pub(crate) stores: Vec<Store>,
    only: Option<Vec<String>>,
    pub(crate) name: Option<String>,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            seconds: 5,
            warmup: 2,
            rounds: 3,
            connections: 64,
            prefill: 1_000_000,
            long: 60,
            sizes: SIZES.to_vec(),
            receivers: 100,
            stores: Store::ALL.to_vec(),
            only: None,
            name: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value; {USAGE}"))?;
            options.set(word, value)?;
        }
        let known = |name: &str| {
            matches!(name, "fill" | "forget") || Part::ALL.iter().any(|part| part.name() == name)
        };
        match options.only.iter().flatten().find(|name| !known(name)) {
            None => Ok(options),
            Some(other) => bail!("there is nothing called {other:?} to measure; {USAGE}"),
        }
    }

    fn set(&mut self, word: &str, value: &str) -> Result<()> {
        let number = || value.parse::<u64>().with_context(|| format!("{word}: a number"));
        match word {
            "--seconds" => self.seconds = number()?.clamp(1, SECONDS_MAX),
            "--warmup" => self.warmup = number()?.min(SECONDS_MAX),
            "--rounds" => self.rounds = number()?.clamp(1, ROUNDS_MAX),
            "--connections" => self.connections = number()?,
            "--prefill" => self.prefill = number()?.min(ORDERS_MAX),
            "--long" => self.long = number()?.clamp(1, LONG_SECONDS_MAX),
            "--receivers" => self.receivers = number()?.clamp(2, RECEIVERS_MAX),
            "--sizes" => {
                let sizes = value.split(',').map(str::parse::<u64>);
                let sizes = sizes.collect::<Result<Vec<_>, _>>();
                self.sizes = sizes.with_context(|| format!("{word}: numbers"))?;
                self.sizes.iter_mut().for_each(|size| *size = (*size).min(ORDERS_MAX));
            }
            "--store" => {
                let chosen = Store::ALL.into_iter().find(|store| store.name() == value);
                let chosen = chosen.with_context(|| format!("no store {value:?}; {USAGE}"))?;
                self.stores = vec![chosen];
            }
            "--only" => self.only = Some(value.split(',').map(str::to_owned).collect()),
            "--name" => self.name = Some(value.to_owned()),
            _ => bail!("there is no option {word}; {USAGE}"),
        }
        Ok(())
    }

    /// Whether everything is measured.
    pub(crate) const fn is_whole(&self) -> bool {
        self.only.is_none()
    }

    /// Whether a part is measured.
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_none() || self.names(part.name())
    }

    /// Whether this stands in `--only`.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.only.iter().flatten().any(|only| only == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::read(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn options_have_defaults_and_bounds() {
        let options = read(&["--seconds", "1000", "--only", "submit,till"]).unwrap();
        assert_eq!((options.seconds, options.connections), (60, 64));
        assert!(options.wants(Part::Submit) && options.wants(Part::Till));
        assert!(!options.wants(Part::Start) && !options.is_whole());
        let whole = read(&[]).unwrap();
        assert!(Part::ALL.into_iter().all(|part| whole.wants(part)));
        assert!(!whole.names("fill") && whole.stores.len() == 2);
    }

    #[test]
    fn stores_and_sizes_are_chosen() {
        let options = read(&["--store", "postgres", "--sizes", "5,70"]).unwrap();
        assert_eq!((options.stores, options.sizes), (vec![Store::Postgres], vec![5, 70]));
        assert!(!Part::Start.applies_to(Store::Postgres));
    }

    #[test]
    fn wrong_options_are_named() {
        for words in [
            &["--second", "1"][..],
            &["--seconds"],
            &["--only", "till,x"],
            &["--rounds", "a"],
            &["--store", "mysql"],
            &["--sizes", "1,b"],
        ] {
            assert!(read(words).is_err_and(|text| !text.is_empty()), "{words:?}");
        }
    }
}
