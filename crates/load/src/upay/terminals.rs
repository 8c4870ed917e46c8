//! Terminals made for a run.

use anyhow::{Context as _, Result, bail, ensure};
use jose::jws::fresh_uuid;

use crate::client::Connection;
use crate::credentials::{Place, Upay};
use crate::judge;
use crate::upay::messages::{ACTIVATE_PATH, activate_body};
use crate::upay::template::Template;

/// A terminal with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// `terminal_sn`.
    pub sn: String,
    /// `terminal_key`.
    pub key: String,
    /// The device it was activated for.
    pub device_id: String,
}

/// Activates so many terminals, with the first code that is not used up.
///
/// # Errors
/// When nobody answers or no code serves.
pub async fn activate(vendor: &Upay, place: &Place, count: usize) -> Result<Vec<Terminal>> {
    let mut connection = Connection::open(place.address)
        .await
        .with_context(|| format!("nobody answers at {}", place.host))?;
    let mut codes = vendor.activation_codes.iter();
    let mut code = &codes.next().context("the credentials have no activation code")?.code;
    let run = fresh_uuid();
    let mut terminals: Vec<Terminal> = Vec::with_capacity(count);
    while terminals.len() < count {
        let device_id = format!("bench-{run}-{}", terminals.len());
        let body = activate_body(&vendor.app_id, code, &device_id);
        let (sn, key) = (&vendor.vendor_sn, &vendor.vendor_key);
        let request = Template::signed_by(sn, key, &place.host, ACTIVATE_PATH, &body);
        let answer = connection.exchange(request.bytes()).await?;
        if let Some(fault) = judge::upay(&answer, None) {
            let Some(next) = codes.next() else { bail!("no terminal can be activated: {fault}") };
            code = &next.code;
            continue;
        }
        let text = |name| {
            let found =
                judge::text_of(answer.body, name).and_then(|it| std::str::from_utf8(it).ok());
            found.map(str::to_owned).with_context(|| format!("the activation has no {name}"))
        };
        terminals.push(Terminal {
            sn: text("terminal_sn")?,
            key: text("terminal_key")?,
            device_id,
        });
    }
    ensure!(terminals.len() == count, "terminals are missing");
    Ok(terminals)
}
