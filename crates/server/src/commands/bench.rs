//! `causeway bench`: the load generator.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use load::credentials::{Document, Place};
use load::scenario::{Report, Size, Target, measure};

use super::say;
use crate::cli::BenchArgs;
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub(crate) fn run(args: BenchArgs) -> Outcome {
    let document = Document::read(&args.credentials)?;
    let place = Place::of(args.target.as_deref().unwrap_or(&document.base_url))?;
    let progress = !args.json && std::io::stderr().is_terminal();
    let size = Size {
        connections: args.connections,
        warmup: Duration::from_secs(args.warmup),
        window: Duration::from_secs(args.duration),
        rate: args.rate,
        requests: args.requests,
        orders: args.orders.as_deref().map_or(Ok(vec![]), lines)?,
    };
    let target = Target { document, place, probes: args.probe, process: args.process, progress };
    // One thread: it shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::at("the runtime cannot be started", error))?;
    let report = runtime.block_on(measure(target, args.scenario, &size))?;
    let value = serde_json::to_value(&report).map_err(|error| Failure::at("the report", error))?;
    say(args.json, &text(&report), &value)
}

/// The lines of a file.
fn lines(file: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Failure::at(file.display(), error))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The report for people.
fn text(report: &Report) -> String {
    let times = &report.latencies;
    let ms = |us: u32| f64::from(us) / 1000.0;
    let loop_kind = report.rate.map_or_else(
        || "each asks again when it was answered".to_owned(),
        |rate| format!("{rate} requests a second are due"),
    );
    let mut lines = vec![
        format!("{} connections for {} s; {loop_kind}", report.connections, report.window_s),
        format!("right answers  {:.0} a second", report.per_second),
        format!(
            "times          p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.2} ms",
            ms(times.p50_us),
            ms(times.p99_us),
            ms(times.p999_us),
            ms(times.max_us)
        ),
        format!("longest stall  {:.1} ms without any answer", report.longest_stall_ms),
    ];
    if let Some(us) = report.own_us_per_answer {
        lines.push(format!("generator      {us:.1} us of processor time an answer"));
    }
    if let Some(us) = report.server_us_per_answer {
        lines.push(format!("server         {us:.1} us of processor time an answer"));
    }
    for probe in &report.probes {
        let p50 = ms(probe.latencies.p50_us);
        lines.push(format!("{:<14} p50 {p50:.2} ms", format!("{:?}", probe.probe).to_lowercase()));
    }
    if report.errors.is_empty() {
        lines.push("errors         none".to_owned());
    }
    lines.extend(report.errors.iter().map(|(error, count)| format!("error {count:>8}  {error}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use load::scenario::Scenario;
    use load::tally::Latencies;

    use super::*;

    #[test]
    fn the_report_names_rate_times_stall_and_errors() {
        let report = Report {
            scenario: Scenario::UpayPay,
            connections: 64,
            rate: None,
            window_s: 5.0,
            per_second: 12_345.6,
            latencies: Latencies::of(vec![1_000, 2_500]),
            longest_stall_ms: 12.0,
            errors: [("pay: 200 PAY_FAIL".to_owned(), 3)].into(),
            verified: 0,
            server_us_per_answer: None,
            own_us_per_answer: Some(20.0),
            probes: vec![],
        };
        let text = text(&report);
        for part in ["12346 a second", "p99 2.50 ms", "12.0 ms without", "3  pay: 200 PAY_FAIL"] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
    }
}
