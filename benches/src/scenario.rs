//! The scenarios: what is prepared, what is sent, what is looked at afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use jiff::Timestamp;
use jose::jws::{Answer, verify_answer};
use serde::Serialize;

use crate::credentials::Service;
use crate::limits::ORDERS_ASKED_COUNT;
use crate::messages::{INQUIRY_PATH, SUBMIT_PATH, fresh_orders, prepare_about};
use crate::run::{Outcome, Plan, run};
use crate::tally::{Latencies, Sample, Tally};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// SUBMIT_PAYMENT_ORDER, a new order each time.
    Submit,
    /// PAYMENT_RESULT_INQUIRY about orders placed before.
    Inquiry,
}

/// What other clients ask while the load runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// `GET /healthz`.
    Health,
    /// The cashier page of an order that waits to be paid.
    Cashier,
}

/// How much.
#[derive(Debug, Clone)]
pub struct Size {
    /// Connections at once.
    pub connections: usize,
    /// Length of the warm-up.
    pub warmup: Duration,
    /// Length of the window.
    pub window: Duration,
    /// Requests to sign ahead.
    pub requests: usize,
}

/// What came out, as the generator prints it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub scenario: Scenario,
    /// Connections at once.
    pub connections: usize,
    /// Length of the window in seconds.
    pub window_s: f64,
    /// Answers a second.
    pub per_second: f64,
    /// Times of the answers.
    pub latencies: Latencies,
    /// What was wrong, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Answers whose signature was verified after the window.
    pub verified: usize,
    /// Processor time of the server for one answer.
    pub server_us_per_answer: Option<f64>,
    /// Processor time of the generator for one answer.
    pub own_us_per_answer: Option<f64>,
    /// What others saw meanwhile.
    pub probes: Vec<ProbeReport>,
}

/// What a probe saw.
#[derive(Debug, Serialize)]
pub struct ProbeReport {
    /// Which.
    pub probe: Probe,
    /// Times of its answers.
    pub latencies: Latencies,
    /// What was wrong, and how often.
    pub errors: BTreeMap<String, u64>,
}

/// Prepares, runs and looks at the outcome.
///
/// # Errors
/// When connections break, preparations are refused, the requests run out or an answer that was
/// looked at does not verify.
pub async fn measure(
    service: &Service,
    scenario: Scenario,
    size: &Size,
    probes: &[Probe],
    server_process: Option<u32>,
) -> Result<Report> {
    let now = now();
    let (path, orders) = match scenario {
        Scenario::Submit => (SUBMIT_PATH, fresh_orders(size.requests, now)),
        Scenario::Inquiry => {
            let orders = fresh_orders(ORDERS_ASKED_COUNT, now);
            let requests = prepare_about(service, SUBMIT_PATH, &orders, orders.len(), now)?;
            place(service, requests).await?;
            (INQUIRY_PATH, orders)
        }
    };
    let mut asked = Vec::new();
    for probe in probes {
        asked.push(probe_request(service, *probe).await?);
    }
    let plan = Plan {
        address: service.address,
        connections: size.connections,
        warmup: size.warmup,
        window: Some(size.window),
        requests: prepare_about(service, path, &orders, size.requests, now)?,
        probes: asked,
        server_process,
    };
    let outcome = run(plan).await?;
    report(service, scenario, size.connections, probes, outcome)
}

/// Sends requests that must all be approved; returns the answers.
async fn place(service: &Service, requests: Vec<Vec<u8>>) -> Result<Vec<Sample>> {
    const CONNECTIONS: usize = 16;
    let plan = Plan {
        address: service.address,
        connections: CONNECTIONS,
        warmup: Duration::ZERO,
        window: None,
        requests,
        probes: vec![],
        server_process: None,
    };
    let Tally { errors, samples, .. } = run(plan).await?.tally;
    ensure!(errors.is_empty(), "orders to begin with were refused: {errors:?}");
    Ok(samples)
}

/// The request of a probe; the cashier needs an order first.
async fn probe_request(service: &Service, probe: Probe) -> Result<Vec<u8>> {
    let path = match probe {
        Probe::Health => "/healthz".to_owned(),
        Probe::Cashier => {
            let now = now();
            let requests = prepare_about(service, SUBMIT_PATH, &fresh_orders(1, now), 1, now)?;
            let answers = place(service, requests).await?;
            format!("/cashier/{}", answers.first().and_then(tn).context("no tn came back")?)
        }
    };
    Ok(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", service.address).into_bytes())
}

fn tn(answer: &Sample) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    body.pointer("/trxInfo/tn")?.as_str().map(str::to_owned)
}

fn report(
    service: &Service,
    scenario: Scenario,
    connections: usize,
    probes: &[Probe],
    outcome: Outcome,
) -> Result<Report> {
    ensure!(!outcome.exhausted, "the requests ran out: sign more of them ahead");
    let latencies = Latencies::of(outcome.tally.latencies_us);
    ensure!(latencies.count > 0, "nothing was answered");
    let count = f64::from(u32::try_from(latencies.count)?);
    let each = |used: Option<u64>| Some(f64::from(u32::try_from(used?).ok()?) / count);
    let probes = probes.iter().zip(outcome.probes).map(|(probe, tally)| ProbeReport {
        probe: *probe,
        latencies: Latencies::of(tally.latencies_us),
        errors: tally.errors,
    });
    let window_s = outcome.elapsed.as_secs_f64();
    Ok(Report {
        scenario,
        connections,
        window_s,
        per_second: count / window_s,
        latencies,
        errors: outcome.tally.errors,
        verified: verify(service, &outcome.tally.samples)?,
        server_us_per_answer: each(outcome.server_us),
        own_us_per_answer: each(outcome.own_us),
        probes: probes.collect(),
    })
}

/// Verifies the answers that were kept.
fn verify(service: &Service, samples: &[Sample]) -> Result<usize> {
    let platform = &service.platform;
    for sample in samples {
        let answer = Answer {
            header: sample.header.as_deref(),
            body: &sample.body,
            app_id: &service.industry.app_id,
            now_real: now(),
        };
        let find = |kid: &str| (platform.id().as_str() == kid).then(|| platform.clone());
        if let Err(failure) = verify_answer(&answer, find) {
            bail!("an answer does not verify: {}", failure.cause);
        }
    }
    Ok(samples.len())
}

/// Real time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a load generator lives in real time")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
