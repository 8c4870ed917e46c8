//! `causeway audit verify` and `causeway ledger verify`: from the data alone, reading only.

use app::ports::Store;
use app::ports::store::StoreError;
use app::verify;
use serde::Serialize;
use serde_json::{Value, json};

use super::{block_on, say};
use crate::cli::VerifyDataArgs;
use crate::database::Location;
use crate::failure::{Failure, Outcome};

/// Runs `causeway audit verify`.
pub(crate) fn audit(args: &VerifyDataArgs) -> Outcome {
    let report = read(args, async |store: &dyn Store| verify::audit(store).await)?;
    let text = format!("the audit trail holds: {} entries", report.entries);
    finish(args, "audit trail", &report, report.faults, &report.named, &text)
}

/// Runs `causeway ledger verify`.
pub(crate) fn ledger(args: &VerifyDataArgs) -> Outcome {
    let report = read(args, async |store: &dyn Store| verify::ledger(store).await)?;
    let sums = report.sums.iter().map(|(currency, sum)| format!("{currency} {sum}"));
    let sums = sums.collect::<Vec<_>>().join(", ");
    let text = format!(
        "the ledger balances: {} orders, {} postings{}",
        report.orders,
        report.postings,
        if sums.is_empty() { String::new() } else { format!(", sums {sums}") }
    );
    finish(args, "ledger", &report, report.faults, &report.named, &text)
}

fn read<T>(
    args: &VerifyDataArgs,
    check: impl AsyncFnOnce(&dyn Store) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    let location = Location::of(&args.data.source())?;
    let report = block_on(async {
        let store = location.open_read_only().await?;
        let failed = |error: StoreError| Failure::at("the data cannot be read", error);
        let report = check(&*store).await.map_err(failed)?;
        store.close().await.map_err(failed)?;
        Ok(report)
    });
    // Whoever reads JSON is told in JSON, also of data too damaged to be counted.
    if let (true, Err(failure)) = (args.json, &report) {
        say(true, "", &json!({ "ok": false, "error": failure.to_string() }))?;
    }
    report
}

fn finish(
    args: &VerifyDataArgs,
    what: &str,
    report: &impl Serialize,
    faults: u64,
    named: &[String],
    good: &str,
) -> Outcome {
    let details = serde_json::to_value(report).map_err(|error| Failure::at("the report", error))?;
    let mut whole = json!({ "ok": faults == 0 });
    if let (Value::Object(whole), Value::Object(details)) = (&mut whole, details) {
        whole.extend(details);
    }
    if faults == 0 {
        return say(args.json, good, &whole);
    }
    say(args.json, &named.join("\n"), &whole)?;
    Err(Failure::new(format!(
        "the {what} has {faults} faults; keep the data as it is and restore a copy elsewhere"
    )))
}
