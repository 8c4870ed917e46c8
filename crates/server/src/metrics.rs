//! The figures of the process, in the text form of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use api::MetricsText;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::failure::Failure;

/// Bounds of the buckets in which durations are counted, in seconds.
const SECONDS: [f64; 12] =
    [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
/// How often the recorder tidies what it holds.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts to count; may be called once. The text is made when it is asked for.
pub(crate) fn start() -> Result<MetricsText, Failure> {
    let failed = |error| Failure::at("metrics cannot be started", error);
    let handle = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(failed)?;
    tokio::spawn(upkeep(handle.clone()));
    Ok(Arc::new(move || handle.render()))
}

async fn upkeep(handle: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}
