//! The load: tills that sell, give back and cancel, each on its own connection, until they are
//! stopped or the platform is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::facts::{Cancel, Facts, Refund, dice};
use crate::till::{Till, client_sn};

/// Tills at once.
const LANES: usize = 8;
/// How long a till that waits for its payer is waited for at the end of a cycle.
const END_WAIT: Duration = Duration::from_millis(1_500);

/// A barcode of WeChat with this ending (upay.md 14).
fn barcode(ending: &str) -> String {
    format!("13081834192144{ending}")
}

/// Running tills.
pub(crate) struct Load {
    lanes: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Starts them. `stays`: the platform is not to be killed, so a broken call is not the end.
    pub(crate) fn start(tills: &[Till], facts: &Facts, stays: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let lanes = (0..LANES).map(|lane| {
            let till = tills[lane % tills.len()].reconnected(None);
            let (facts, stop) = (facts.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    if customer(&till, &facts).await.is_err() {
                        if !stays {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            })
        });
        Self { lanes: lanes.collect(), stop }
    }

    /// Stops them. What a till still waits for then counts as never answered.
    pub(crate) async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let deadline = tokio::time::Instant::now() + END_WAIT;
        for mut lane in self.lanes {
            match tokio::time::timeout_at(deadline, &mut lane).await {
                Ok(ended) => ended.expect("a till saw only good answers"),
                Err(_) => lane.abort(),
            }
        }
    }
}

/// One customer from the barcode to what follows the sale.
async fn customer(till: &Till, facts: &Facts) -> Result<(), String> {
    let (number, total) = (client_sn(), 100 + dice(9_900));
    let ending = match dice(100) {
        0..4 => "9951", // refused
        4..6 => "9905", // the payer types a PIN for ten seconds
        6 => "9996",    // unclear
        _ => "1147",
    };
    let index = facts.begin(number.clone(), total);
    let told = till.pay(&number, total, &barcode(ending)).await?;
    let sn = told.get("sn").to_owned();
    match told.result() {
        "PAY_SUCCESS" => facts.note(index, |sale| (sale.sn, sale.paid) = (sn, true)),
        "PAY_FAIL" => {
            facts.note(index, |sale| (sale.sn, sale.refused) = (sn, true));
            return Ok(());
        }
        // The outcome is open, or the platform said that it cannot now.
        _ => return if told.result().is_empty() { Err(told.0.to_string()) } else { Ok(()) },
    }
    match dice(10) {
        0..4 => give_back(till, facts, index, &number, total).await,
        4..6 => cancel(till, facts, index, &number).await,
        6 => {
            let told = till.query(&number).await?;
            let seen = told.get("order_status");
            assert!(seen == "PAID" || told.result().is_empty(), "not read back: {}", told.0);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// One or two refunds, now and then the same one twice.
async fn give_back(
    till: &Till,
    facts: &Facts,
    index: usize,
    client_sn: &str,
    total: u64,
) -> Result<(), String> {
    for round in 0..=dice(2) {
        let (number, amount) = (format!("r{round}"), 1 + dice(total / 3));
        let refund = Refund { number: number.clone(), amount, told: false };
        facts.note(index, |sale| sale.refunds.push(refund));
        let members = json!({
            "client_sn": client_sn, "refund_request_no": number,
            "refund_amount": amount.to_string(), "operator": "kay",
        });
        for _ in 0..=dice(2) {
            let told = till.call("/upay/v2/refund", members.clone()).await?;
            let done = told.result() == "REFUND_SUCCESS";
            if done {
                let mark = |refund: &mut Refund| refund.told |= refund.number == number;
                facts.note(index, |sale| sale.refunds.iter_mut().for_each(mark));
            }
        }
    }
    Ok(())
}

async fn cancel(till: &Till, facts: &Facts, index: usize, number: &str) -> Result<(), String> {
    facts.note(index, |sale| sale.cancel = Cancel::Asked);
    let told = till.call("/upay/v2/cancel", json!({ "client_sn": number })).await?;
    if told.result() == "CANCEL_SUCCESS" {
        facts.note(index, |sale| sale.cancel = Cancel::Told);
    }
    Ok(())
}
