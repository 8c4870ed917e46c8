//! `[terminals]`, `[[wallets]]` and `[admin]`: what the terminal dialect needs.

use std::path::PathBuf;

use app::terminals::{BarcodeRule, TerminalSettings};
use delivery::CallbackForm;
use domain::payway::Payway;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use jose::mac::MacKey;
use jose::secret::Secret;
use money::Currency;
use toml::{Table, Value};

use super::section::Section;
use super::{CURRENCY_DEFAULT, ZONE_DEFAULT};
use crate::failure::Failure;
use crate::files;
use crate::limits::CONFIG_BYTES_MAX;
use crate::node::WalletPart;

/// The longest that a pay call is held, seconds: real clients give up after 50 s.
const HOLD_SECONDS_MAX: i64 = 45;
/// The longest that an order of a terminal can be paid, seconds.
const LIFE_SECONDS_MAX: i64 = 24 * 3_600;
/// The longest that refunds can be accepted, months.
const REFUND_MONTHS_MAX: i64 = 120;
/// Where logs are kept below the data folder unless `log_folder` says otherwise.
const LOG_FOLDER_DEFAULT: &str = "/var/lib/causeway/terminal-logs";

/// What the file says of terminals.
#[derive(Debug, Clone)]
pub(crate) struct TerminalConfig {
    /// Their settings.
    pub(crate) settings: TerminalSettings,
    /// `callback_form`.
    pub(crate) callback_form: CallbackForm,
    /// `log_folder`.
    pub(crate) log_folder: PathBuf,
    /// `[[wallets]]`.
    pub(crate) wallets: Vec<WalletConfig>,
    /// `[admin]`.
    pub(crate) admin: Option<AdminConfig>,
}

/// A provider that speaks the platform's own protocol.
#[derive(Debug, Clone)]
pub(crate) struct WalletConfig {
    payways: Vec<Payway>,
    url: String,
    secret_file: PathBuf,
}

/// The operator's account.
#[derive(Debug, Clone)]
pub(crate) struct AdminConfig {
    email: String,
    password_file: PathBuf,
}

impl WalletConfig {
    /// With its secret read.
    pub(crate) fn read(&self) -> Result<WalletPart, Failure> {
        let secret = files::read_text(&self.secret_file, CONFIG_BYTES_MAX)?;
        let secret = Secret::new(secret.trim().to_owned());
        if let Err(error) = MacKey::new(&secret) {
            return Err(Failure::at(self.secret_file.display(), error));
        }
        Ok(WalletPart { payways: self.payways.clone(), url: self.url.clone(), secret })
    }
}

impl AdminConfig {
    /// With its password read. Refused when others than the owner may read the file.
    pub(crate) fn read(&self) -> Result<api::AdminAccount, Failure> {
        files::for_its_owner_alone(&self.password_file, "password")?;
        let password = files::read_text(&self.password_file, CONFIG_BYTES_MAX)?;
        Ok(api::AdminAccount {
            email: self.email.clone(),
            password: Secret::new(password.trim().to_owned()),
        })
    }
}

/// Reads the three parts.
pub(super) fn read(
    top: &mut Section<'_>,
    table: &Table,
    faults: &mut Vec<String>,
) -> Option<TerminalConfig> {
    let wallets = wallets(top, table, faults);
    let mut section = top.section("admin", faults);
    let email = section.text("email", faults);
    let password_file = section.text("password_file", faults);
    section.finish(faults);
    let admin = match (email, password_file) {
        (Some(email), Some(file)) => Some(AdminConfig { email, password_file: file.into() }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            faults.push("admin: give email and password_file, both".to_owned());
            None
        }
    };
    let mut section = top.section("terminals", faults);
    let settings = settings(&mut section, faults);
    let callback_form = section.text("callback_form", faults);
    let callback_form = callback_form.map_or(Some(CallbackForm::Bare), |word| match &*word {
        "bare" => Some(CallbackForm::Bare),
        "terminal" => Some(CallbackForm::Terminal),
        "md5" => Some(CallbackForm::Md5),
        other => {
            let rule = format!("{other:?} is neither \"bare\", \"terminal\" nor \"md5\"");
            faults.push(format!("terminals.callback_form: {rule}"));
            None
        }
    });
    let folder = section.text("log_folder", faults);
    section.finish(faults);
    Some(TerminalConfig {
        settings: settings?,
        callback_form: callback_form?,
        log_folder: folder.unwrap_or_else(|| LOG_FOLDER_DEFAULT.to_owned()).into(),
        wallets,
        admin,
    })
}

fn settings(section: &mut Section<'_>, faults: &mut Vec<String>) -> Option<TerminalSettings> {
    let zone = section.text("zone", faults).unwrap_or_else(|| ZONE_DEFAULT.to_owned());
    let zone = TimeZone::get(&zone)
        .map_err(|_| faults.push(format!("terminals.zone: {zone:?} is no IANA zone")))
        .ok();
    let code = section.text("currency", faults).unwrap_or_else(|| CURRENCY_DEFAULT.to_owned());
    let currency = Currency::from_numeric(&code)
        .map_err(|_| faults.push(format!("terminals.currency: {code:?} is no code such as 156")))
        .ok();
    let usual = TerminalSettings::new(zone?, currency?);
    let seconds = |found: Option<i64>, usual| found.map_or(usual, SignedDuration::from_secs);
    let hold = section.number("hold_seconds", 0..=HOLD_SECONDS_MAX, faults);
    let pay = section.number("pay_seconds", 1..=LIFE_SECONDS_MAX, faults);
    let present = section.number("precreate_seconds", 1..=LIFE_SECONDS_MAX, faults);
    let months = section.number("refund_months", 0..=REFUND_MONTHS_MAX, faults);
    let months = months.map_or(usual.refund_months_max, |count| {
        // 0 takes the bound away.
        u32::try_from(count).ok().filter(|count| *count > 0)
    });
    let rules = section.texts("barcodes", faults);
    let rules: Vec<BarcodeRule> = rules.iter().filter_map(|it| barcode(it, faults)).collect();
    Some(TerminalSettings {
        hold: seconds(hold, usual.hold),
        pay_life: seconds(pay, usual.pay_life),
        present_life: seconds(present, usual.present_life),
        same_day_cancel: section.flag("same_day_cancel", faults).unwrap_or(usual.same_day_cancel),
        refund_months_max: months,
        strict: section.flag("strict", faults).unwrap_or(usual.strict),
        unique_device: section.flag("unique_device", faults).unwrap_or(usual.unique_device),
        barcodes: if rules.is_empty() { usual.barcodes } else { rules },
        ..usual
    })
}

/// `PAYWAY:FROM-TO:FROM-TO`: the first two digits, then the lengths, such as `3:10-15:18-18`.
fn barcode(text: &str, faults: &mut Vec<String>) -> Option<BarcodeRule> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    let mut parts = text.split(':');
    let read = (|| {
        let payway = Payway(parts.next()?.parse().ok()?);
        let (prefixes, lengths) = (range(parts.next()?)?, range(parts.next()?)?);
        parts.next().is_none().then_some(BarcodeRule { payway, prefixes, lengths })
    })();
    if read.is_none() {
        faults.push(format!("terminals.barcodes: {text:?} is no rule such as \"3:10-15:18-18\""));
    }
    read
}

fn wallets(top: &mut Section<'_>, table: &Table, faults: &mut Vec<String>) -> Vec<WalletConfig> {
    top.known("wallets");
    let Some(value) = table.get("wallets") else { return Vec::new() };
    let Some(list) = value.as_array() else {
        faults.push("wallets: must be a list of tables, written [[wallets]]".to_owned());
        return Vec::new();
    };
    list.iter().filter_map(|entry| wallet(entry, faults)).collect()
}

fn wallet(entry: &Value, faults: &mut Vec<String>) -> Option<WalletConfig> {
    let Some(table) = entry.as_table() else {
        faults.push("wallets: must be a list of tables, written [[wallets]]".to_owned());
        return None;
    };
    let mut section = Section::named("wallets", table);
    let url = section.required_text("url", faults);
    let secret_file = section.required_text("secret_file", faults);
    let payways = section.texts("payways", faults);
    section.finish(faults);
    let read = payways.iter().map(|text| text.parse().map(Payway));
    let Ok(payways) = read.collect::<Result<Vec<_>, _>>() else {
        faults.push("wallets.payways: are numbers in quotes, such as [\"1\", \"3\"]".to_owned());
        return None;
    };
    if payways.is_empty() {
        faults.push("wallets.payways: names no payway that the provider serves".to_owned());
    }
    Some(WalletConfig { payways, url: url?, secret_file: secret_file?.into() })
}
