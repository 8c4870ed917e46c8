//! The references of a directory of parties: whom one names must be there.
//!
//! Goal: an operator learns every name that leads nowhere before anybody is let in. A dangling one
//! would otherwise be met by the first partner that is looked up through it.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::hash::Hash;

use app::directory::DirectoryData;
use domain::ids::AppId;
use domain::party::{Application, Party};

/// All references of a directory file that do not hold, each one line with its path. That of a
/// store to its merchant is not among them: merchants of terminals may be in the data alone, see
/// [`stores`].
pub(crate) fn faults(data: &DirectoryData) -> Vec<String> {
    let mut faults = Vec::new();
    owners(data, &mut faults);
    apps(data, &mut faults);
    let industries = known(data.industries.iter().map(|it| &it.code));
    let channels = known(data.channels.iter().map(|it| &it.code));
    let acquirers = known(data.acquirers.iter().map(|it| &it.iin));
    for (index, merchant) in data.merchants.iter().enumerate() {
        let at = |member| format!("merchants[{index}].{member}");
        if let Some(code) = &merchant.industry {
            named(&industries, code, (at("industry"), "industries"), &mut faults);
        }
        named(&acquirers, &merchant.acquirer, (at("acquirer"), "acquirers"), &mut faults);
    }
    for (index, opening) in data.openings.iter().enumerate() {
        let at = |member| format!("openings[{index}].{member}");
        named(&channels, &opening.channel, (at("channel"), "channels"), &mut faults);
        named(&industries, &opening.industry, (at("industry"), "industries"), &mut faults);
    }
    faults
}

/// The stores whose merchants are nowhere, in a directory that is complete.
pub(crate) fn stores(data: &DirectoryData) -> Vec<String> {
    let mut faults = Vec::new();
    let merchants = known(data.merchants.iter().map(|it| &it.id));
    for (index, store) in data.stores.iter().enumerate() {
        let at = format!("stores[{index}].merchant");
        named(&merchants, &store.merchant, (at, "merchants"), &mut faults);
    }
    faults
}

fn owners(data: &DirectoryData, faults: &mut Vec<String>) {
    let industries = known(data.industries.iter().map(|it| &it.code));
    let channels = known(data.channels.iter().map(|it| &it.code));
    let acquirers = known(data.acquirers.iter().map(|it| &it.iin));
    for (index, application) in data.applications.iter().enumerate() {
        let at = format!("applications[{index}].owner");
        match &application.owner {
            Party::Channel(code) => named(&channels, code, (at, "channels"), faults),
            Party::Industry(code) => named(&industries, code, (at, "industries"), faults),
            Party::Downstream(iin) => named(&acquirers, iin, (at, "acquirers"), faults),
        }
    }
}

/// The application that each party works by.
fn apps(data: &DirectoryData, faults: &mut Vec<String>) {
    let by_id: HashMap<&AppId, &Application> =
        data.applications.iter().map(|it| (&it.id, it)).collect();
    let mut check = |at: String, app: &AppId, kind: &str| match by_id.get(app) {
        None => faults.push(format!("{at}: {app} is not in applications")),
        Some(found) if owner_kind(&found.owner) != kind => faults.push(format!(
            "{at}: application {app} is owned by a party of kind {}, not {kind}",
            owner_kind(&found.owner)
        )),
        Some(_) => {}
    };
    for (index, channel) in data.channels.iter().enumerate() {
        check(format!("channels[{index}].app"), &channel.app, "channel");
    }
    for (index, industry) in data.industries.iter().enumerate() {
        check(format!("industries[{index}].app"), &industry.app, "industry");
    }
    for (index, acquirer) in data.acquirers.iter().enumerate() {
        let at = format!("acquirers[{index}].downstream_app");
        check(at, &acquirer.downstream_app, "downstream");
    }
}

/// As the file says it.
const fn owner_kind(owner: &Party) -> &'static str {
    match owner {
        Party::Channel(_) => "channel",
        Party::Industry(_) => "industry",
        Party::Downstream(_) => "downstream",
    }
}

fn known<'a, T: Eq + Hash>(names: impl Iterator<Item = &'a T>) -> HashSet<&'a T> {
    names.collect()
}

fn named<T: Eq + Hash + Display>(
    known: &HashSet<&T>,
    name: &T,
    (at, list): (String, &str),
    faults: &mut Vec<String>,
) {
    if !known.contains(name) {
        faults.push(format!("{at}: {name} is not in {list}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EXAMPLE: &str = include_str!("../../../deploy/directory.example.json");

    fn read(document: &Value) -> DirectoryData {
        serde_json::from_value(document.clone()).unwrap()
    }

    fn example() -> Value {
        let mut document: Value = serde_json::from_str(EXAMPLE).unwrap();
        let merchant = document["merchants"][0]["id"].clone();
        document["stores"] =
            json!([{ "sn": "1", "merchant": merchant, "name": "A shop", "open": true }]);
        document
    }

    #[test]
    fn the_example_holds() {
        let data = read(&example());
        assert_eq!((faults(&data), stores(&data)), (Vec::new(), Vec::new()));
    }

    /// Each reference of the example in turn leads nowhere.
    #[test]
    fn every_reference_is_looked_up_and_named_by_its_path() {
        for (pointer, path) in [
            ("/applications/0/owner/code", "applications[0].owner"),
            ("/applications/1/owner/code", "applications[1].owner"),
            ("/applications/2/owner/code", "applications[2].owner"),
            ("/channels/0/app", "channels[0].app"),
            ("/industries/0/app", "industries[0].app"),
            ("/acquirers/0/downstream_app", "acquirers[0].downstream_app"),
            ("/merchants/0/industry", "merchants[0].industry"),
            ("/merchants/0/acquirer", "merchants[0].acquirer"),
            ("/openings/0/channel", "openings[0].channel"),
            ("/openings/0/industry", "openings[0].industry"),
            ("/stores/0/merchant", "stores[0].merchant"),
        ] {
            let mut document = example();
            let value = document.pointer_mut(pointer).unwrap();
            let old = value.as_str().unwrap();
            *value = json!(format!("9{}", &old[1..]));
            let data = read(&document);
            let found = [faults(&data), stores(&data)].concat();
            assert_eq!(found.len(), 1, "{pointer}: {found:?}");
            assert!(found[0].starts_with(&format!("{path}: 9")), "{pointer}: {found:?}");
        }
    }

    #[test]
    fn an_application_of_another_kind_of_party_is_no_channels() {
        let mut document = example();
        document["channels"][0]["app"] = document["industries"][0]["app"].clone();
        let found = faults(&read(&document));
        assert!(found[0].starts_with("channels[0].app: ") && found[0].contains("kind industry"));
    }
}
