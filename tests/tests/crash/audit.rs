//! The audit: every answer that was given is held against what the platform says now and against
//! what the wallets hold.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::facts::{Cancel, Sale};
use crate::till::{Till, Told};
use crate::wallet::{Books, Money};

/// Questions at once.
const QUESTIONS: usize = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// States in which nothing moves any more by itself.
const ENDS: [&str; 4] = ["PAID", "PARTIAL_REFUNDED", "REFUNDED", "CANCELED"];

/// What an audit found. `lost` and `doubled` name each fault.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) checked: usize,
    /// Answers that were given: sales paid, refused, refunds, cancellations.
    pub(crate) acknowledged: usize,
    /// Calls without an answer.
    pub(crate) open: usize,
    pub(crate) lost: Vec<String>,
    pub(crate) doubled: Vec<String>,
    /// What the platform says is left of each number that it gave out.
    pub(crate) left: HashMap<String, u64>,
}

impl Found {
    pub(crate) fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.acknowledged += other.acknowledged;
        self.open += other.open;
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.left.extend(other.left);
    }

    /// Money that a wallet holds and that no sale explains.
    pub(crate) fn strangers(&mut self, books: &Books) {
        for (sn, money) in books.all() {
            let left = self.left.get(sn).copied().unwrap_or_default();
            if money.left != left {
                let text = format!("{sn}: the wallet holds {}, the platform {left}", money.left);
                self.doubled.push(text);
            }
        }
    }
}

/// Asks for these sales, after all deadlines.
/// What has not ended when the patience is over counts as it stands.
pub(crate) async fn sales(tills: &[Till], sales: &[Sale], patience: Duration) -> Vec<(Sale, Told)> {
    let gate = std::sync::Arc::new(Semaphore::new(QUESTIONS));
    let asked = sales.iter().enumerate().map(|(index, sale)| {
        let (till, sale) = (tills[index % tills.len()].clone(), sale.clone());
        let gate = std::sync::Arc::clone(&gate);
        tokio::spawn(async move {
            let _turn = gate.acquire().await.expect("open");
            let told = end_of(&till, &sale.client_sn, patience).await;
            (sale, told)
        })
    });
    let mut answers = Vec::new();
    for one in asked.collect::<Vec<_>>() {
        answers.push(one.await.expect("an answer to each question"));
    }
    answers
}

/// What the platform says of a sale when nothing moves any more, or after a long time.
async fn end_of(till: &Till, client_sn: &str, patience: Duration) -> Told {
    let deadline = Instant::now() + patience;
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    loop {
        looks.tick().await;
        match till.query(client_sn).await {
            Ok(told) if is_over(&told) => return told,
            Ok(told) if Instant::now() > deadline => return told,
            Err(error) if Instant::now() > deadline => return Told(Value::String(error)),
            Ok(_) | Err(_) => {}
        }
    }
}

pub(crate) fn is_over(told: &Told) -> bool {
    let state = told.get("order_status");
    told.error() == "UPAY_ORDER_NOT_EXISTS" || state == "PAY_CANCELED" || ENDS.contains(&state)
}

/// Holds the answers against the sales and, if they are given, the wallets' books.
pub(crate) fn judge(answers: &[(Sale, Told)], books: Option<&Books>) -> Found {
    let mut found = Found::default();
    for (sale, told) in answers {
        one(sale, told, books, &mut found);
    }
    found
}

fn one(sale: &Sale, told: &Told, books: Option<&Books>, found: &mut Found) {
    found.checked += 1;
    let refunds = |told: bool| {
        let amounts = sale.refunds.iter().filter(move |it| it.told == told);
        amounts.map(|it| it.amount).sum::<u64>()
    };
    let told_count = sale.refunds.iter().filter(|it| it.told).count();
    let ends = [sale.paid, sale.refused, sale.cancel == Cancel::Told];
    found.acknowledged += ends.iter().filter(|it| **it).count() + told_count;
    let refund_open = sale.refunds.iter().any(|it| !it.told);
    let silent = !sale.paid && !sale.refused;
    found.open += usize::from(silent || refund_open || sale.cancel == Cancel::Asked);

    let state = told.get("order_status");
    let net = told.get("net_amount").parse::<u64>().unwrap_or_default();
    let fault = |what: &str| format!("{what}: {sale:?} is {}", told.0);
    if !told.get("sn").is_empty() {
        found.left.insert(told.get("sn").to_owned(), if is_paid(state) { net } else { 0 });
    }
    if !sale.sn.is_empty() && sale.sn != told.get("sn") {
        found.lost.push(fault("another number or none"));
    }
    if told.get("sn").is_empty() && told.error() != "UPAY_ORDER_NOT_EXISTS" || !is_over(told) {
        found.lost.push(fault("no end"));
        return;
    }
    if sale.refused && is_paid(state) {
        found.doubled.push(fault("paid after PAY_FAIL"));
    }
    if !sale.paid {
        return;
    }
    let cancelled = state == "CANCELED";
    let least = sale.total - (refunds(true) + refunds(false)).min(sale.total);
    let most = sale.total - refunds(true);
    if told.get("total_amount") != sale.total.to_string() {
        found.lost.push(fault("another amount"));
    } else if cancelled && sale.cancel == Cancel::No || !cancelled && !is_paid(state) {
        found.lost.push(fault("a payment"));
    } else if !cancelled && sale.cancel == Cancel::Told {
        found.lost.push(fault("a cancellation"));
    } else if !cancelled && net > most {
        found.lost.push(fault("a refund"));
    } else if !cancelled && net < least {
        found.doubled.push(fault("a refund"));
    }
    let Some(books) = books else { return };
    let money = books.of(told.get("sn"));
    let expected = if cancelled { 0 } else { net };
    let whole = Money { left: expected, given_back: sale.total - expected.min(sale.total) };
    if money != whole {
        found.doubled.push(fault(&format!("the wallet says {money:?}")));
    }
}

fn is_paid(state: &str) -> bool {
    ["PAID", "PARTIAL_REFUNDED", "REFUNDED"].contains(&state)
}

/// A `client_sn` means one sale for good: the same number is refused, whatever the barcode.
pub(crate) async fn used_numbers(tills: &[Till], answers: &[(Sale, Told)]) -> Vec<String> {
    /// So many are tried at each audit.
    const TRIED: usize = 20;
    let known = answers.iter().filter(|(_, told)| !told.get("sn").is_empty());
    let mut doubled = Vec::new();
    for (sale, before) in known.rev().take(TRIED) {
        let again = tills[0].pay(&sale.client_sn, sale.total, "130818341921449999").await;
        let again = again.expect("an answer");
        if again.error() != "CLIENT_SN_CONFLICT" {
            doubled.push(format!("{} was used: {}, then {}", sale.client_sn, before.0, again.0));
        }
    }
    doubled
}
