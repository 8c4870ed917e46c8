//! The terminal itself: its keys, its calls, its check-ins.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egress::{Client, Request};
use jiff::tz::TimeZone;
use jose::{jws, terminal};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::envelope::{self, Credentials};
use super::intents::IntentBox;
use super::keys::Keys;
use super::requests::object;
use super::{Activation, Intent, OrderBy, Reply, TerminalError, TillClock, files};
use crate::error::Certainty;
use crate::limits::{TILL_CALL_SECONDS, TILL_LOG_SECONDS};

/// Where a till is and what it needs. Cheap to clone.
#[derive(Clone)]
pub struct TerminalConfig {
    /// The server's base address without a slash at its end.
    pub base_url: String,
    /// A folder of its own for keys and open sales, for one process at a time.
    pub folder: PathBuf,
    /// The zone of business days; a check-in is due once a day.
    pub zone: TimeZone,
    /// The HTTP client.
    pub client: Client,
    /// The clock.
    pub clock: Arc<dyn TillClock>,
}

/// A terminal of a till. Share it by clone.
#[derive(Clone)]
pub struct Terminal {
    inner: Arc<Inner>,
}

struct Inner {
    config: TerminalConfig,
    keys: Mutex<Keys>,
    /// One check-in at a time: two would take each other's keys away.
    checking_in: tokio::sync::Mutex<()>,
    intents: IntentBox,
    _hold: File,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Terminal").field("sn", &self.sn()).finish_non_exhaustive()
    }
}

/// The file of the keys within the folder.
const KEYS: &str = "terminal.json";

impl Terminal {
    /// Opens a terminal that was activated before; `None` if the folder holds none.
    ///
    /// # Errors
    /// When its files cannot be read, or another process uses the folder.
    pub fn open(config: TerminalConfig) -> Result<Option<Self>, TerminalError> {
        files::make_folder(&config.folder)?;
        let hold = files::hold(&config.folder)?;
        let keys = files::read::<Keys>(&config.folder.join(KEYS))?;
        keys.map(|keys| Self::with(config, keys, hold)).transpose()
    }

    /// Makes this device a terminal (`upay.md` 4.1) and stores its key. Each success uses the code
    /// once and makes a new terminal, so a lost answer costs a use of the code.
    ///
    /// # Errors
    /// [`TerminalError::Refused`] for a code that is unknown, used up or too old.
    pub async fn activate(
        config: TerminalConfig,
        activation: &Activation,
    ) -> Result<Self, TerminalError> {
        files::make_folder(&config.folder)?;
        let hold = files::hold(&config.folder)?;
        let body = object(&[
            ("app_id", Some(&activation.app_id)),
            ("code", Some(&activation.code)),
            ("device_id", Some(&activation.device_id)),
            ("client_sn", activation.client_sn.as_deref()),
            ("name", activation.name.as_deref()),
        ]);
        let body = Value::Object(body).to_string().into_bytes();
        let vendor = (activation.vendor_sn.as_str(), activation.vendor_key.as_str());
        let timeout = Duration::from_secs(TILL_CALL_SECONDS);
        let made: Credentials =
            inside(exchange(&config, "/terminal/activate", body, vendor, timeout).await?)?;
        let keys = Keys {
            terminal_sn: made.terminal_sn,
            device_id: activation.device_id.clone(),
            current: made.terminal_key,
            previous: None,
            checked_in_on: day(&config),
            unsure: false,
        };
        files::write(&config.folder.join(KEYS), &keys)?;
        Self::with(config, keys, hold)
    }

    fn with(config: TerminalConfig, keys: Keys, hold: File) -> Result<Self, TerminalError> {
        let intents = IntentBox::open(config.folder.join("open"))?;
        let (keys, checking_in) = (Mutex::new(keys), tokio::sync::Mutex::new(()));
        Ok(Self { inner: Arc::new(Inner { config, keys, checking_in, intents, _hold: hold }) })
    }

    /// `terminal_sn`.
    #[must_use]
    pub fn sn(&self) -> String {
        self.keys().terminal_sn
    }

    /// A number for a new sale: the time to the second and twelve random digits, 26 characters.
    #[must_use]
    pub fn fresh_client_sn(&self) -> String {
        let time = self.clock().now().to_zoned(self.inner.config.zone.clone());
        let uuid = jws::fresh_uuid().replace('-', "");
        format!("{}{}", time.strftime("%Y%m%d%H%M%S"), uuid.get(..12).unwrap_or_default())
    }

    /// Sales and refunds that were begun and are not settled, oldest first. Those without an end
    /// want [`Self::resume`].
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn pending(&self) -> Result<Vec<Intent>, TerminalError> {
        self.intents().all()
    }

    /// Forgets a sale or refund: the caller has booked its end.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn settle(&self, intent: &Intent) -> Result<(), TerminalError> {
        self.intents().settle(intent)
    }

    /// Checks in when today's check-in was not done (`upay.md` 4.2); whether it was due.
    ///
    /// # Errors
    /// As [`Self::check_in`].
    pub async fn check_in_if_due(&self) -> Result<bool, TerminalError> {
        let keys = self.keys();
        let due = keys.unsure || keys.checked_in_on != day(&self.inner.config);
        if due {
            self.check_in().await?;
        }
        Ok(due)
    }

    /// Gets a new key. When an answer was lost, the server may have changed to a key that nobody
    /// knows; the old one still serves, for payments and for one more check-in. That one is tried
    /// only after a query was answered, because a second loss would lock the terminal out (4.3).
    ///
    /// # Errors
    /// [`TerminalError::Lost`] and the like: the terminal keeps working with the key it has; try
    /// again later. [`TerminalError::Refused`] with `ILLEGAL_SIGN`: both keys are dead, activate
    /// again.
    pub async fn check_in(&self) -> Result<(), TerminalError> {
        let _alone = self.inner.checking_in.lock().await;
        if self.keys().unsure {
            self.probe().await?;
        }
        match self.check_in_once().await {
            Err(lost) if lost.certainty() == Certainty::Unknown => {
                self.probe().await?;
                self.check_in_once().await
            }
            end => end,
        }
    }

    async fn check_in_once(&self) -> Result<(), TerminalError> {
        let keys = self.keys();
        self.store(Keys { unsure: true, ..keys.clone() })?;
        let members = [
            ("terminal_sn", Some(keys.terminal_sn.as_str())),
            ("device_id", Some(keys.device_id.as_str())),
        ];
        let answer = self.call_raw("/terminal/checkin", object(&members)).await;
        let fresh: Credentials = match answer.and_then(inside) {
            Err(error) if error.certainty() == Certainty::NothingDone => {
                self.store(Keys { unsure: keys.unsure, ..self.keys() })?;
                return Err(error);
            }
            answer => answer?,
        };
        // On disk first: a key that is used and not stored would be lost by a crash.
        self.store(self.keys().renewed(fresh.terminal_key, day(&self.inner.config)))
    }

    /// A question that changes nothing: does the network carry answers?
    async fn probe(&self) -> Result<(), TerminalError> {
        let nothing = OrderBy::ClientSn("0".to_owned());
        self.query(&nothing).await.map(drop)
    }

    /// What is known about an order.
    ///
    /// # Errors
    /// As [`TerminalError`]; asking again is always safe.
    pub async fn query(&self, order: &OrderBy) -> Result<Reply, TerminalError> {
        self.call("/upay/v2/query", object(&[order.member()])).await
    }

    /// Hands in a compressed log, at most 10 MiB.
    ///
    /// # Errors
    /// As [`TerminalError`].
    pub async fn upload_log(&self, compressed: Vec<u8>) -> Result<(), TerminalError> {
        let timeout = Duration::from_secs(TILL_LOG_SECONDS);
        self.signed::<Value>("/terminal/uploadLog", &compressed, timeout).await.map(drop)
    }

    pub(crate) fn clock(&self) -> &dyn TillClock {
        &*self.inner.config.clock
    }

    pub(crate) fn intents(&self) -> &IntentBox {
        &self.inner.intents
    }

    /// A payment call: the members, and the terminal's number.
    pub(crate) async fn call(
        &self,
        path: &str,
        members: Map<String, Value>,
    ) -> Result<Reply, TerminalError> {
        inside(self.call_raw(path, members).await?)
    }

    async fn call_raw<T>(
        &self,
        path: &str,
        members: Map<String, Value>,
    ) -> Result<Option<T>, TerminalError>
    where
        T: Default + for<'de> Deserialize<'de>,
    {
        let mut body = object(&[("terminal_sn", Some(&self.keys().terminal_sn))]);
        body.extend(members);
        let body = Value::Object(body).to_string();
        self.signed(path, body.as_bytes(), Duration::from_secs(TILL_CALL_SECONDS)).await
    }

    /// Signs with the newest key. A server that does not take it, perhaps because it was set back
    /// to an older state, has read nothing: the key before is tried.
    async fn signed<T>(
        &self,
        path: &str,
        body: &[u8],
        timeout: Duration,
    ) -> Result<Option<T>, TerminalError>
    where
        T: Default + for<'de> Deserialize<'de>,
    {
        let Keys { terminal_sn, current, previous, .. } = self.keys();
        let send = async |key: &str| {
            let signer = (terminal_sn.as_str(), key);
            exchange(&self.inner.config, path, body.to_vec(), signer, timeout).await
        };
        match (send(&current).await, previous) {
            (Err(error), Some(previous)) if error.code() == Some("ILLEGAL_SIGN") => {
                send(&previous).await
            }
            (answer, _) => answer,
        }
    }

    fn keys(&self) -> Keys {
        self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self, keys: Keys) -> Result<(), TerminalError> {
        files::write(&self.inner.config.folder.join(KEYS), &keys)?;
        *self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

/// Today, in the zone of business days.
fn day(config: &TerminalConfig) -> String {
    config.clock.now().to_zoned(config.zone.clone()).date().to_string()
}

/// The inner answer, which only uploaded logs do without.
fn inside<T>(answer: Option<T>) -> Result<T, TerminalError> {
    answer.ok_or(TerminalError::Unreadable { status: 200 })
}

/// One signed exchange (`upay.md` 2.1).
async fn exchange<T>(
    config: &TerminalConfig,
    path: &str,
    body: Vec<u8>,
    (sn, key): (&str, &str),
    timeout: Duration,
) -> Result<Option<T>, TerminalError>
where
    T: Default + for<'de> Deserialize<'de>,
{
    let sign = terminal::sign(&body, key);
    let url = format!("{}{path}", config.base_url.trim_end_matches('/'));
    let request = Request::post(url, body)
        .header("content-type", "application/json")
        .header("authorization", format!("{sn} {sign}"))
        .timeout(timeout);
    let answer = config.client.send(request).await?;
    envelope::open(answer.status, &answer.body)
}
