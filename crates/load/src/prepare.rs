//! What must be there before a window begins: signed requests, activated terminals, orders to ask
//! about.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::credentials::{Place, Service, Upay};
use crate::limits::{
    ANSWERS_PER_SAMPLE, ORDERS_ASKED_COUNT, REQUESTS_COUNT_MAX, SIGNED_RUN_S_MAX, TERMINALS_COUNT,
};
use crate::run::{Plan, run};
use crate::scenario::{Probe, Scenario, Size, now};
use crate::script::{Prepared, Same, Script};
use crate::tally::{Sample, Tally};
use crate::ucsp::{INQUIRY_PATH, SUBMIT_PATH, fresh_orders, prepare_about};
use crate::upay::{CheckIns, Paid, Payments, Queries, Sales, Terminal, activate};

/// Requests of a service, signed ahead.
pub(crate) async fn signed(
    service: &Service,
    scenario: Scenario,
    size: &Size,
) -> Result<Vec<Box<dyn Script>>> {
    let length = size.warmup + size.window;
    ensure!(length.as_secs() <= SIGNED_RUN_S_MAX, "at most {SIGNED_RUN_S_MAX} s: signatures age");
    let count = requests_ahead(service, size)?;
    let begun = now();
    let (path, orders) = if scenario == Scenario::UcspSubmit {
        (SUBMIT_PATH, fresh_orders(count, begun))
    } else {
        let orders = fresh_orders(ORDERS_ASKED_COUNT, begun);
        place(service, prepare_about(service, SUBMIT_PATH, &orders, orders.len(), begun)?).await?;
        (INQUIRY_PATH, orders)
    };
    let requests = prepare_about(service, path, &orders, count, begun)?;
    Ok(Prepared::scripts(requests, size.connections, ANSWERS_PER_SAMPLE))
}

/// How many requests to sign: as asked, or at a set rate what it needs, or more than this machine
/// can sign in the time. A server beside the generator verifies and signs for each as well.
fn requests_ahead(service: &Service, size: &Size) -> Result<usize> {
    const TRIED: u32 = 400;
    const SLACK: f64 = 1.5;
    if let Some(count) = size.requests {
        return Ok(count);
    }
    let seconds = (size.warmup + size.window).as_secs_f64();
    let per_second = if let Some(rate) = size.rate {
        f64::from(rate)
    } else {
        let (begun, time) = (Instant::now(), now());
        let count = usize::try_from(TRIED)?;
        prepare_about(service, SUBMIT_PATH, &fresh_orders(count, time), count, time)?;
        f64::from(TRIED) / begun.elapsed().as_secs_f64()
    };
    let count = Duration::from_secs_f64((per_second * seconds * SLACK).clamp(1.0, 1e9)).as_secs();
    Ok(usize::try_from(count)?.clamp(1, REQUESTS_COUNT_MAX))
}

/// Tills at terminals activated for this run.
pub(crate) async fn tills(
    vendor: &Upay,
    place: &Place,
    scenario: Scenario,
    size: &Size,
) -> Result<Vec<Box<dyn Script>>> {
    // Two that check in with one terminal would take each other's keys away.
    let own = scenario == Scenario::UpayCheckin;
    let count = if own { size.connections } else { size.connections.min(TERMINALS_COUNT) };
    let terminals = activate(vendor, place, count).await?;
    let paid: Paid = match scenario {
        Scenario::UpayQuery if size.orders.is_empty() => pay_ahead(&terminals, place).await?,
        Scenario::UpayQuery => named(&size.orders)?,
        Scenario::UpayPay
        | Scenario::UpayMix
        | Scenario::UpayCheckin
        | Scenario::UcspSubmit
        | Scenario::UcspInquiry => Arc::from([]),
    };
    let till = |index: usize| -> Option<Box<dyn Script>> {
        let terminal = terminals.get(index % count)?;
        let host = &place.host;
        Some(match scenario {
            Scenario::UpayMix => Box::new(Sales::new(terminal, host, Sales::MIX)?),
            Scenario::UpayQuery => Box::new(Queries::new(terminal, host, Arc::clone(&paid))?),
            Scenario::UpayCheckin => Box::new(CheckIns::new(terminal, host)),
            Scenario::UpayPay | Scenario::UcspSubmit | Scenario::UcspInquiry => {
                Box::new(Sales::new(terminal, host, Sales::PAY)?)
            }
        })
    };
    (0..size.connections).map(|index| till(index).context("a till's message")).collect()
}

/// Orders that are there already.
fn named(orders: &[String]) -> Result<Paid> {
    let number = |order: &String| {
        let number = order.as_bytes().try_into();
        number.ok().with_context(|| format!("{order:?}: a client_sn of 28 characters is needed"))
    };
    orders.iter().map(number).collect()
}

/// Orders to be asked about.
async fn pay_ahead(terminals: &[Terminal], place: &Place) -> Result<Paid> {
    let mut all = Vec::new();
    let mut scripts: Vec<Box<dyn Script>> = Vec::new();
    for terminal in terminals {
        let names = Payments::names(ORDERS_ASKED_COUNT / terminals.len());
        all.extend_from_slice(&names);
        let till = Payments::new(terminal, &place.host, names).context("a till's message")?;
        scripts.push(Box::new(till));
    }
    let tally = run(Plan::once(place.address, scripts)).await?.tally;
    let all_paid = tally.errors.is_empty() && tally.latencies_us.len() == all.len();
    ensure!(all_paid, "orders to ask about were not paid: {:?}", tally.errors);
    Ok(all.into())
}

/// Sends requests that must all be approved; returns the answers.
async fn place(service: &Service, requests: Vec<Vec<u8>>) -> Result<Vec<Sample>> {
    const CONNECTIONS: usize = 16;
    let scripts = Prepared::scripts(requests, CONNECTIONS, 1);
    let outcome = run(Plan::once(service.place.address, scripts)).await?;
    let Tally { errors, samples, .. } = outcome.tally;
    ensure!(errors.is_empty(), "orders to begin with were refused: {errors:?}");
    Ok(samples)
}

/// What a probe asks; the cashier needs an order first.
pub(crate) async fn probe_script(service: &Service, probe: Probe) -> Result<Box<dyn Script>> {
    let path = match probe {
        Probe::Health => "/healthz".to_owned(),
        Probe::Cashier => {
            let now = now();
            let requests = prepare_about(service, SUBMIT_PATH, &fresh_orders(1, now), 1, now)?;
            let answers = place(service, requests).await?;
            format!("/cashier/{}", answers.first().and_then(tn).context("no tn came back")?)
        }
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", service.place.host);
    Ok(Box::new(Same(request.into_bytes())))
}

fn tn(answer: &Sample) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    body.pointer("/trxInfo/tn")?.as_str().map(str::to_owned)
}
