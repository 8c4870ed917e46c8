//! The scenarios: what is prepared, what is sent, what is looked at afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use jiff::Timestamp;
use jose::jws::{Answer, verify_answer};
use serde::Serialize;

use crate::credentials::{Document, Place, Service};
use crate::prepare::{probe_script, signed, tills};
use crate::run::{Outcome, Plan, run};
use crate::tally::{Latencies, Sample};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// A barcode payment, a new order each time.
    UpayPay,
    /// Sales: pay, query, then refund a part or cancel.
    UpayMix,
    /// Queries about orders paid before.
    UpayQuery,
    /// Check-ins, each connection a terminal of its own.
    UpayCheckin,
    /// SUBMIT_PAYMENT_ORDER, a new order each time.
    UcspSubmit,
    /// PAYMENT_RESULT_INQUIRY about orders placed before.
    UcspInquiry,
}

/// The protocol of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Terminals.
    Upay,
    /// Channels and services.
    Ucsp,
}

impl Scenario {
    /// The protocol that it speaks.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::UpayPay | Self::UpayMix | Self::UpayQuery | Self::UpayCheckin => Protocol::Upay,
            Self::UcspSubmit | Self::UcspInquiry => Protocol::Ucsp,
        }
    }
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
    /// Requests a second; without it each connection asks again when it was answered.
    pub rate: Option<u32>,
    /// Requests to sign ahead where signing is costly; without it as many as this machine could
    /// sign in the time.
    pub requests: Option<usize>,
    /// `client_sn` of paid orders to ask about; without any, some are paid first.
    pub orders: Vec<String>,
}

/// Who is asked, and who watches.
pub struct Target {
    /// Keys.
    pub document: Document,
    /// Where.
    pub place: Place,
    /// What else to ask.
    pub probes: Vec<Probe>,
    /// The server's process, to read its processor time.
    pub process: Option<u32>,
    /// Whether a line on standard error tells how it goes.
    pub progress: bool,
}

/// What came out, as the generator prints it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub scenario: Scenario,
    /// Connections at once.
    pub connections: usize,
    /// Requests a second that were asked for, in an open loop.
    pub rate: Option<u32>,
    /// Length of the window in seconds.
    pub window_s: f64,
    /// Right answers a second.
    pub per_second: f64,
    /// Times of the answers; in an open loop from the instant at which the request was due.
    pub latencies: Latencies,
    /// Longest time without any answer, in milliseconds.
    pub longest_stall_ms: f64,
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
/// When nobody answers, preparations are refused, the requests run out or an answer that was
/// looked at does not verify.
pub async fn measure(target: Target, scenario: Scenario, size: &Size) -> Result<Report> {
    let Target { document, place, probes, process, progress } = target;
    let service = scenario.protocol() == Protocol::Ucsp || !probes.is_empty();
    let service = service.then(|| Service::of(&document, place.clone(), now())).transpose()?;
    let scripts = if let (Protocol::Ucsp, Some(service)) = (scenario.protocol(), &service) {
        signed(service, scenario, size).await?
    } else {
        let vendor = document.upay.context("the credentials have no part \"upay\"")?;
        tills(&vendor, &place, scenario, size).await?
    };
    let mut asked = Vec::new();
    for probe in &probes {
        asked.push(probe_script(service.as_ref().context("no service")?, *probe).await?);
    }
    let plan = Plan {
        address: place.address,
        warmup: size.warmup,
        window: Some(size.window),
        rate: size.rate,
        scripts,
        probes: asked,
        server_process: process,
        progress,
    };
    let outcome = run(plan).await?;
    report(service.as_ref(), scenario, size, &probes, outcome)
}

fn report(
    service: Option<&Service>,
    scenario: Scenario,
    size: &Size,
    probes: &[Probe],
    outcome: Outcome,
) -> Result<Report> {
    ensure!(!outcome.exhausted, "the requests ran out: sign more of them ahead (--requests)");
    let Outcome { tally, elapsed, longest_stall, .. } = outcome;
    let latencies = Latencies::of(tally.latencies_us);
    let answers = f64::from(u32::try_from(tally.came)?.max(1));
    let each = |used: Option<u64>| Some(f64::from(u32::try_from(used?).ok()?) / answers);
    let probes = probes.iter().zip(outcome.probes).map(|(probe, tally)| ProbeReport {
        probe: *probe,
        latencies: Latencies::of(tally.latencies_us),
        errors: tally.errors,
    });
    let window_s = elapsed.as_secs_f64();
    Ok(Report {
        scenario,
        connections: size.connections,
        rate: size.rate,
        window_s,
        per_second: f64::from(u32::try_from(tally.right)?) / window_s,
        latencies,
        longest_stall_ms: longest_stall.as_secs_f64() * 1000.0,
        errors: tally.errors,
        verified: service.map_or(Ok(0), |service| verify(service, &tally.samples))?,
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
