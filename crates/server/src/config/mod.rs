//! The configuration of a platform: a TOML file, checked as a whole.
//!
//! Goal: an operator learns all faults at once, each as one line with the name of the setting, and
//! nothing that is misspelt is silently ignored.

mod section;
mod terminals;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use egress::{Cidr, Policy};
use jiff::tz::TimeZone;
use jose::seal::MasterKey;
use toml::Table;

use crate::database::Location;
use crate::failure::Failure;
use crate::files;
use crate::keys::master;
use crate::limits::CONFIG_BYTES_MAX;
use crate::logging::LogForm;
use section::Section;
pub(crate) use terminals::{AdminConfig, TerminalConfig, WalletConfig};

/// Zone of message times where an acquirer's is not known: GMT+8 (ucsp.md section 2).
pub(crate) const ZONE_DEFAULT: &str = "Asia/Shanghai";
/// Currency of the terminals unless the configuration says otherwise: CNY.
pub(crate) const CURRENCY_DEFAULT: &str = "156";
/// The most threads that sign.
const CRYPTO_THREADS_MAX: i64 = 256;

/// A configuration without faults.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `listen`: address of the public listener.
    pub(crate) listen: SocketAddr,
    /// `public_url`: address under which partners and browsers reach it, no slash at the end.
    pub(crate) public_url: String,
    /// `data` or `database_url`.
    pub(crate) data: Location,
    /// `log`.
    pub(crate) log: Option<LogForm>,
    /// `zone`.
    pub(crate) zone: TimeZone,
    /// `crypto_threads`: threads that sign; 0: one a core.
    pub(crate) crypto_threads: usize,
    /// `[master_key]`.
    pub(crate) master_key: MasterKeySource,
    /// `[directory] file`.
    pub(crate) directory_file: Option<PathBuf>,
    /// `[metrics] listen`.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// `[egress]`.
    pub(crate) egress: Policy,
    /// `[egress] authorities_file`.
    pub(crate) authorities_file: Option<PathBuf>,
    /// `[terminals]`, `[[wallets]]`, `[admin]`.
    pub(crate) terminals: TerminalConfig,
}

/// Where the master key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MasterKeySource {
    /// In a file that only its owner reads.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
}

impl MasterKeySource {
    /// Reads the key.
    pub(crate) fn read(&self) -> Result<MasterKey, Failure> {
        match self {
            Self::File(path) => master::read(path),
            Self::Variable(name) => master::from_environment(name),
        }
    }
}

impl Config {
    /// Reads a file; the failure names the first fault and how many there are.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path, CONFIG_BYTES_MAX)?;
        Self::parse(&text).map_err(|faults| {
            let first = faults.first().map_or("it is empty", String::as_str);
            let more = match faults.len() {
                0 | 1 => String::new(),
                count => format!(" (and {} more: causeway config check lists them)", count - 1),
            };
            Failure::at(path.display(), format!("{first}{more}"))
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// All faults, each one line.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table = text.parse().map_err(|error| vec![syntax(text, &error)])?;
        let mut faults = Vec::new();
        let config = read_all(&table, &mut faults);
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            Some(_) | None => Err(faults),
        }
    }
}

/// What the parser found, as one line with its place.
fn syntax(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let words: Vec<&str> = error.message().split_whitespace().collect();
    format!("line {line}: {}", words.join(" "))
}

fn read_all(table: &Table, faults: &mut Vec<String>) -> Option<Config> {
    let mut top = Section::top(table);
    let listen = top.required_address("listen", faults);
    let public_url = top.required_text("public_url", faults);
    let public_url = public_url.and_then(|url| base_url(&url, faults));
    let data = location(&mut top, faults);
    let log = top.text("log", faults).and_then(|word| log_form(&word, faults));
    let zone = top.text("zone", faults).unwrap_or_else(|| ZONE_DEFAULT.to_owned());
    let zone = TimeZone::get(&zone)
        .map_err(|_| faults.push(format!("zone: {zone:?} is no IANA zone such as Asia/Shanghai")))
        .ok();
    let threads = top.number("crypto_threads", 0..=CRYPTO_THREADS_MAX, faults).unwrap_or(0);
    let mut section = top.section("master_key", faults);
    let master_key = master_key(&mut section, faults);
    section.finish(faults);
    let mut section = top.section("directory", faults);
    let directory_file = section.text("file", faults).map(PathBuf::from);
    section.finish(faults);
    let mut section = top.section("metrics", faults);
    let metrics_listen = section.address("listen", faults);
    section.finish(faults);
    two_listeners(listen, metrics_listen, faults);
    let mut section = top.section("egress", faults);
    let egress = policy(&mut section, faults);
    let authorities_file = section.text("authorities_file", faults).map(PathBuf::from);
    section.finish(faults);
    let terminals = terminals::read(&mut top, table, faults);
    top.finish(faults);
    Some(Config {
        listen: listen?,
        public_url: public_url?,
        data: data?,
        log,
        zone: zone?,
        crypto_threads: usize::try_from(threads).unwrap_or(0),
        master_key: master_key?,
        directory_file,
        metrics_listen,
        egress,
        authorities_file,
        terminals: terminals?,
    })
}

/// Two listeners cannot share an address. Port 0 is any free one for each of them.
fn two_listeners(
    public: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    faults: &mut Vec<String>,
) {
    let (Some(public), Some(metrics)) = (public, metrics) else { return };
    let everywhere = public.ip().is_unspecified() || metrics.ip().is_unspecified();
    let same_port = public.port() == metrics.port() && public.port() != 0;
    if same_port && (public.ip() == metrics.ip() || everywhere) {
        faults.push(format!(
            "metrics.listen: {metrics} is taken by listen, {public}; choose another port"
        ));
    }
}

fn base_url(url: &str, faults: &mut Vec<String>) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let good = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' ', '@']));
    if !good {
        faults.push(format!("public_url: {url:?} is no address such as https://pay.example.com"));
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}

fn location(top: &mut Section<'_>, faults: &mut Vec<String>) -> Option<Location> {
    let data = top.text("data", faults);
    let url = top.text("database_url", faults);
    match (data, url) {
        (Some(folder), None) => Some(Location::folder(Path::new(&folder))),
        (None, Some(url)) => Location::url(&url)
            .map_err(|failure| faults.push(format!("database_url: {failure}")))
            .ok(),
        (Some(_), Some(_)) => {
            faults.push("data and database_url: give one of them, not both".to_owned());
            None
        }
        (None, None) => {
            faults.push("data: is missing; name the data folder".to_owned());
            None
        }
    }
}

fn log_form(word: &str, faults: &mut Vec<String>) -> Option<LogForm> {
    match word {
        "text" => Some(LogForm::Text),
        "json" => Some(LogForm::Json),
        other => {
            faults.push(format!("log: {other:?} is neither \"text\" nor \"json\""));
            None
        }
    }
}

fn master_key(section: &mut Section<'_>, faults: &mut Vec<String>) -> Option<MasterKeySource> {
    match (section.text("file", faults), section.text("env", faults)) {
        (Some(file), None) => Some(MasterKeySource::File(PathBuf::from(file))),
        (None, Some(name)) => Some(MasterKeySource::Variable(name)),
        (Some(_), Some(_)) => {
            faults.push("master_key: give file or env, not both".to_owned());
            None
        }
        (None, None) => {
            faults.push(
                "master_key: file or env is missing; make a key with openssl rand -hex 32"
                    .to_owned(),
            );
            None
        }
    }
}

fn policy(section: &mut Section<'_>, faults: &mut Vec<String>) -> Policy {
    let ranges = section.texts("allow_private", faults);
    let read = ranges.iter().filter_map(|range| match range.parse::<Cidr>() {
        Ok(cidr) => Some(cidr),
        Err(error) => {
            faults.push(format!("egress.allow_private: {error}"));
            None
        }
    });
    Policy {
        allow_private: read.collect(),
        allow_loopback: section.flag("allow_loopback", faults).unwrap_or(false),
        allow_plain_http: section.flag("allow_plain_http", faults).unwrap_or(false),
    }
}

#[cfg(test)]
mod tests;
