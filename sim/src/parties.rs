//! The parties of a run: one service, one channel, two acquirers, three merchants with stores and
//! terminals, of which one store has a daily limit.

use app::Caller;
use app::directory::DirectoryData;
use domain::ids::{AcquirerIin, MerchantId, StoreSn, TerminalSn};
use domain::party::{Acquirer, Channel, Industry, Merchant, Opening, Party};
use domain::terminal::{Store, Terminal, TerminalStatus};
use jiff::Timestamp;
use money::Currency;

/// How many merchants there are; the last one's store has a limit.
pub const MERCHANTS_COUNT: u64 = 3;
/// What the limited store takes on one day, minor units.
pub const DAILY_LIMIT_MINOR: u64 = 200_000;
/// `industryCode` of the service.
pub const INDUSTRY: &str = "10000001";
/// `channelCode` of the channel.
pub const CHANNEL: &str = "20000001";
const ACQUIRERS: [(&str, &str); 2] = [("00010344", "Asia/Hong_Kong"), ("00010156", "Asia/Tokyo")];

/// The merchant of this place.
#[must_use]
pub fn merchant(place: u64) -> MerchantId {
    MerchantId::new(format!("10000001000000{place}"))
}

/// The acquirer of a merchant.
#[must_use]
pub fn acquirer(place: u64) -> AcquirerIin {
    let [(first, _), (second, _)] = ACQUIRERS;
    AcquirerIin::new(if place.is_multiple_of(2) { first } else { second })
}

/// The store of a merchant.
#[must_use]
pub fn store(place: u64) -> StoreSn {
    StoreSn::new(format!("store-{place}"))
}

/// The currency of all amounts.
#[must_use]
pub fn currency() -> Option<Currency> {
    Currency::from_numeric("156").ok()
}

/// A terminal of a merchant.
#[must_use]
pub fn terminal(place: u64) -> Terminal {
    Terminal {
        sn: TerminalSn::new(format!("10000000{place}")),
        vendor: "vendor".into(),
        app: "app".into(),
        merchant: merchant(place),
        store: store(place),
        device_id: format!("device-{place}"),
        client_sn: None,
        name: None,
        status: TerminalStatus::Active,
        key_sealed: String::new(),
        previous_key_sealed: None,
        activated_at: Timestamp::UNIX_EPOCH,
        checked_in_at: None,
    }
}

/// Who speaks with one message, not seen before.
#[must_use]
pub fn caller(party: Party, message: u64, until: Timestamp) -> Caller {
    Caller {
        app: "00520446".into(),
        party,
        sandbox: false,
        scenario: None,
        seen: Some(app::writeset::SeenMessage {
            app: "00520446".to_owned(),
            id: format!("uuid-{message}"),
            until,
        }),
    }
}

/// All of them.
#[must_use]
pub fn directory() -> DirectoryData {
    let places = 0..MERCHANTS_COUNT;
    DirectoryData {
        channels: vec![Channel {
            code: CHANNEL.into(),
            name: "Harbour Bank".to_owned(),
            app: "00520100".into(),
            base_url: "https://bank.example".to_owned(),
            active: true,
            oauth: None,
        }],
        industries: vec![Industry {
            code: INDUSTRY.into(),
            name: "ParkEasy".to_owned(),
            app: "00520446".into(),
            index_url: "https://park.example".to_owned(),
            back_url: "https://park.example/notices".to_owned(),
            front_url: None,
            active: true,
            needs: Vec::new(),
            cards_within_hours: None,
        }],
        merchants: places.clone().map(one_merchant).collect(),
        acquirers: ACQUIRERS.into_iter().map(one_acquirer).collect(),
        openings: vec![Opening { channel: CHANNEL.into(), industry: INDUSTRY.into(), open: true }],
        stores: places.map(one_store).collect(),
        ..DirectoryData::default()
    }
}

fn one_merchant(place: u64) -> Merchant {
    Merchant {
        id: merchant(place),
        name: format!("Merchant {place}"),
        industry: Some(INDUSTRY.into()),
        acquirer: acquirer(place),
        currencies: currency().into_iter().collect(),
        daily_limit_minor: None,
        active: true,
    }
}

fn one_acquirer((iin, zone): (&str, &str)) -> Acquirer {
    Acquirer {
        iin: iin.into(),
        zone: zone.to_owned(),
        downstream_url: "https://acquirer.example".to_owned(),
        downstream_app: "00520900".into(),
    }
}

fn one_store(place: u64) -> Store {
    let is_limited = place + 1 == MERCHANTS_COUNT;
    Store {
        sn: store(place),
        merchant: merchant(place),
        name: format!("Store {place}"),
        open: true,
        daily_limit_minor: is_limited.then_some(DAILY_LIMIT_MINOR),
    }
}
