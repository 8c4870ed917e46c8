//! Vendors with their apps, merchants, stores: changes of the directory.

use std::sync::Arc;

use app::directory::DirectoryData;
use app::use_cases::{load_directory, load_directory_to_change, save_directory, terminals};
use app::writeset::Operation;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use domain::party::Merchant;
use domain::terminal::{Store, Vendor, VendorApp};
use http::StatusCode;
use money::Currency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, read, refused};
use crate::shared::Shared;

type Handler = State<Arc<Shared>>;

#[derive(Deserialize)]
struct NewVendor {
    name: String,
}

#[derive(Deserialize)]
struct NewApp {
    vendor_sn: String,
    name: String,
}

#[derive(Deserialize)]
struct NewMerchant {
    id: String,
    name: String,
    acquirer: String,
    currencies: Vec<String>,
    daily_limit_minor: Option<u64>,
}

#[derive(Deserialize)]
struct NewStore {
    merchant: String,
    name: String,
    sn: Option<String>,
    daily_limit_minor: Option<u64>,
}

#[derive(Deserialize)]
struct StoreStatus {
    open: bool,
}

/// Vendors with their apps; never a key.
pub(super) async fn vendors(State(shared): Handler) -> Response {
    let vendors = |data: DirectoryData| {
        let all = data.vendors.iter();
        all.map(|it| json!({ "sn": it.sn, "name": it.name, "active": it.active, "apps": it.apps }))
            .collect()
    };
    listed(&shared, vendors).await
}

pub(super) async fn merchants(State(shared): Handler) -> Response {
    listed(&shared, |data| data.merchants.iter().map(|it| json!(it)).collect()).await
}

pub(super) async fn stores(State(shared): Handler) -> Response {
    listed(&shared, |data| data.stores.iter().map(|it| json!(it)).collect()).await
}

async fn listed(shared: &Shared, pick: impl Fn(DirectoryData) -> Vec<Value>) -> Response {
    match load_directory(&*shared.platform.store).await {
        Ok(data) => answer(&pick(data)),
        Err(error) => store_failed(&error),
    }
}

fn store_failed(error: &app::ports::StoreError) -> Response {
    tracing::error!(%error, "the directory could not be read or stored");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the log says why")
}

/// Changes the directory, again while somebody else changes it, and answers with what was made.
async fn change(
    shared: &Shared,
    kind: &str,
    edit: impl Fn(&mut DirectoryData) -> Result<Value, (StatusCode, &'static str)>,
) -> Response {
    for _ in 0..crate::limits::ADMIN_TRIES_COUNT_MAX {
        let (mut data, seen) = match load_directory_to_change(&*shared.platform.store).await {
            Ok(loaded) => loaded,
            Err(error) => return store_failed(&error),
        };
        let made = match edit(&mut data) {
            Ok(made) => made,
            Err((status, reason)) => return refused(status, reason),
        };
        let operation = Operation {
            stream: "directory".to_owned(),
            kind: kind.to_owned(),
            body: json!({ "named": made.get("sn").or(made.get("id")) }).to_string(),
        };
        match save_directory(&shared.platform, (data, seen), operation).await {
            Ok(true) => return answer(&made),
            Ok(false) => {}
            Err(error) => return store_failed(&error),
        }
    }
    refused(StatusCode::CONFLICT, "the directory kept changing; try again")
}

/// A vendor with a key, which is shown this once.
pub(super) async fn new_vendor(State(shared): Handler, body: Bytes) -> Response {
    let wanted: NewVendor = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let platform = &shared.platform;
    let sn = format!("9{}", platform.ids.digits(9));
    let key = platform.ids.terminal_key();
    let sealed = platform.sealer.seal(terminals::VENDOR_KEY, &key);
    change(&shared, "vendor_made", |data| {
        data.vendors.push(Vendor {
            sn: sn.as_str().into(),
            name: wanted.name.clone(),
            key_sealed: sealed.clone(),
            active: true,
            apps: Vec::new(),
        });
        Ok(json!({ "sn": sn, "key": key, "name": wanted.name }))
    })
    .await
}

pub(super) async fn new_app(State(shared): Handler, body: Bytes) -> Response {
    let wanted: NewApp = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let id = shared.platform.ids.digits(16);
    change(&shared, "app_made", |data| {
        let vendor = data.vendors.iter_mut().find(|it| it.sn.as_str() == wanted.vendor_sn);
        let vendor = vendor.ok_or((StatusCode::NOT_FOUND, "there is no such vendor"))?;
        vendor.apps.push(VendorApp { id: id.as_str().into(), name: wanted.name.clone() });
        Ok(json!({ "id": id, "vendor_sn": wanted.vendor_sn, "name": wanted.name }))
    })
    .await
}

pub(super) async fn new_merchant(State(shared): Handler, body: Bytes) -> Response {
    let wanted: NewMerchant = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let currencies = wanted.currencies.iter().map(|code| Currency::from_numeric(code));
    let Ok(currencies) = currencies.collect::<Result<Vec<_>, _>>() else {
        return refused(StatusCode::BAD_REQUEST, "currencies are three digits each, such as 156");
    };
    change(&shared, "merchant_made", |data| {
        if data.merchants.iter().any(|it| it.id.as_str() == wanted.id) {
            return Err((StatusCode::CONFLICT, "there is a merchant with this id"));
        }
        if !data.acquirers.iter().any(|it| it.iin.as_str() == wanted.acquirer) {
            return Err((StatusCode::NOT_FOUND, "there is no such acquirer"));
        }
        let merchant = Merchant {
            id: wanted.id.as_str().into(),
            name: wanted.name.clone(),
            industry: None,
            acquirer: wanted.acquirer.as_str().into(),
            currencies: currencies.clone(),
            daily_limit_minor: wanted.daily_limit_minor,
            active: true,
        };
        let made = json!(merchant);
        data.merchants.push(merchant);
        Ok(made)
    })
    .await
}

pub(super) async fn new_store(State(shared): Handler, body: Bytes) -> Response {
    let wanted: NewStore = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let fresh = format!("{}{}", wanted.merchant, shared.platform.ids.digits(6));
    let sn = wanted.sn.clone().unwrap_or(fresh);
    change(&shared, "store_made", |data| {
        if data.stores.iter().any(|it| it.sn.as_str() == sn) {
            return Err((StatusCode::CONFLICT, "there is a store with this number"));
        }
        if !data.merchants.iter().any(|it| it.id.as_str() == wanted.merchant) {
            return Err((StatusCode::NOT_FOUND, "there is no such merchant"));
        }
        let store = Store {
            sn: sn.as_str().into(),
            merchant: wanted.merchant.as_str().into(),
            name: wanted.name.clone(),
            open: true,
            daily_limit_minor: wanted.daily_limit_minor,
        };
        let made = json!(store);
        data.stores.push(store);
        Ok(made)
    })
    .await
}

/// Opens or closes a store.
pub(super) async fn store_status(
    State(shared): Handler,
    Path(sn): Path<String>,
    body: Bytes,
) -> Response {
    let wanted: StoreStatus = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    change(&shared, if wanted.open { "store_opened" } else { "store_closed" }, |data| {
        let store = data.stores.iter_mut().find(|it| it.sn.as_str() == sn);
        let store = store.ok_or((StatusCode::NOT_FOUND, "there is no such store"))?;
        store.open = wanted.open;
        Ok(json!(store))
    })
    .await
}
