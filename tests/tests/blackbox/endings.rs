//! A sandbox that is told to end under load: what it accepted it ends, and no call breaks half way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::http::Http;
use crate::harness::till::{BARCODE, PAY, client_sn};
use crate::harness::wait::until;
use crate::harness::{Sandbox, Till};

/// Tills that sell without a pause.
const TILLS: usize = 16;
/// Sales after which the end begins: by then every till is in the midst of one.
const SALES: usize = 60;

/// Sells until the platform takes no connection any more, and says what went wrong before.
async fn sell(till: Till, sold: Arc<AtomicUsize>, told: Arc<AtomicBool>) -> Vec<String> {
    let mut wrong = Vec::new();
    loop {
        let members = json!({
            "client_sn": client_sn(), "total_amount": "100", "subject": "A coffee",
            "operator": "Kay", "dynamic_id": BARCODE,
        });
        match till.try_call(&till.base, PAY, &members).await {
            Ok(envelope) if envelope.get("order_status") == "PAID" => {
                sold.fetch_add(1, Ordering::Relaxed);
            }
            Ok(envelope) => wrong.push(envelope.0.to_string()),
            Err(error) if error.contains("(Connect, ") && told.load(Ordering::Relaxed) => break,
            Err(error) => {
                wrong.push(error);
                break;
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_ends_what_it_accepted_before_its_wallets_go() {
    let mut sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (sold, told) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let tills: Vec<_> = (0..TILLS)
        .map(|_| {
            let till = Till { http: Http::strict(), ..till.clone() };
            tokio::spawn(sell(till, Arc::clone(&sold), Arc::clone(&told)))
        })
        .collect();
    until("sales are made", async || {
        let count = sold.load(Ordering::Relaxed);
        if count >= SALES { Ok(()) } else { Err(format!("{count} sales")) }
    })
    .await;
    told.store(true, Ordering::Relaxed);
    sandbox.signal("TERM");
    let mut wrong = Vec::new();
    for till in tills {
        wrong.extend(till.await.unwrap());
    }
    assert_eq!(sandbox.wait(), Some(0), "{}", sandbox.log());
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
    let doctor = sandbox.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!(report["ok"], true, "{report}");
    sandbox.verify_books();
}
