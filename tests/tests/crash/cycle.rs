//! Cycles: load, a kill at a random instant, a restart, an audit.

use std::time::Duration;

use tokio::time::Instant;

use crate::audit::{self, Found};
use crate::cluster::{Cluster, Fall};
use crate::facts::{Facts, Sale, dice};
use crate::load::Load;
use crate::program::Program;
use crate::report::Report;
use crate::till::{Till, Told};
use crate::wait::until;
use crate::wallet::Books;

/// Terminals that sell.
const TILLS: usize = 4;
/// The kill comes within this many milliseconds after the first answers.
const KILL_WITHIN_MS: u64 = 700;
/// How long a database is away while the platform runs on, at most, milliseconds.
const AWAY_WITHIN_MS: u64 = 1_500;
/// Past every deadline and inquiry, seconds of business time.
const SETTLE_SECONDS: u64 = 3_600;
/// Ledger and audit trail are recomputed after each so many cycles.
const VERIFY_EVERY: usize = 10;
/// So many sales are asked for again at the very end.
const AGAIN_MAX: usize = 20_000;

/// Beyond the longest pause between two questions about a sale that is a day old, seconds.
const PAUSE_SECONDS: u64 = 1_200;
/// How long the sales of a cycle may take to end; the others are looked at again at the end.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longer than the lease of a task whose holder died: 90 s of real time, whatever business time is.
const LEASE_PATIENCE: Duration = Duration::from_secs(150);
/// How long the sales may take to end before business time is moved by that pause.
const STEP: Duration = Duration::from_secs(2);

/// Everything that a run holds.
struct Run {
    program: Program,
    cluster: Option<Cluster>,
    tills: Vec<Till>,
    facts: Facts,
    books: Books,
    /// Sales that had no end yet: their task is leased to somebody who is gone.
    leased: Vec<Sale>,
    report: Report,
}

/// Makes so many cycles, and fails if anything was lost or doubled.
pub(crate) async fn run(cluster: Option<Cluster>, cycles: usize) {
    let begun = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let database = cluster.as_ref().map(Cluster::url);
    let store = if database.is_some() { "PostgreSQL" } else { "SQLite" };
    let program = Program::start(folder.path(), database);
    let document = program.document();
    let mut tills = Vec::new();
    for _ in 0..TILLS {
        tills.push(Till::activate(&document).await);
    }
    let (facts, books, report) = (Facts::default(), Books::default(), Report::default());
    let mut run = Run { program, cluster, tills, facts, books, leased: Vec::new(), report };
    for number in 1..=cycles {
        run.cycle(number).await;
        let (lost, doubled) = (run.report.found.lost.len(), run.report.found.doubled.len());
        let kind = run.report.cycles.last().copied().unwrap_or_default();
        let sales = run.facts.count();
        println!("{store} cycle {number}: {kind}; {sales} sales, lost {lost}, doubled {doubled}");
        if lost + doubled > 0 {
            break;
        }
    }
    run.last_look().await;
    run.report.took = begun.elapsed();
    let text = run.report.text(store);
    println!("{text}");
    if let Some(file) = std::env::var_os("CAUSEWAY_CRASH_REPORT") {
        std::fs::write(file, &text).expect("the report");
    }
    let Found { lost, doubled, .. } = &run.report.found;
    assert!(lost.is_empty() && doubled.is_empty(), "lost {lost:#?}, doubled {doubled:#?}");
    assert!(run.report.found.acknowledged > 0, "nothing was ever acknowledged");
}

/// What was asked about in vain is asked about again ten minutes later.
async fn business_goes_on(till: Till) {
    loop {
        tokio::time::sleep(STEP).await;
        // The platform may be about to come back; the next step moves it.
        let _ = till.advance(PAUSE_SECONDS).await;
    }
}

impl Run {
    /// One load, one fall, one audit.
    async fn cycle(&mut self, number: usize) {
        let first = self.facts.count();
        let kind = if self.cluster.is_some() { number % 4 } else { 0 };
        let load = Load::start(&self.tills, &self.facts, kind > 1);
        let facts = self.facts.clone();
        until("the load runs", async || {
            if facts.count() > first + TILLS { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await;
        tokio::time::sleep(Duration::from_millis(dice(KILL_WITHIN_MS))).await;
        let name = self.fall(kind).await;
        load.end().await;
        self.report.cycles.push(name);
        self.tills = self.tills.iter().map(|till| till.reconnected(None)).collect();
        assert!(self.program.is_running(), "the platform ended by itself");
        self.settle().await;
        let sales = self.facts.since(first);
        let answers = self.ask(&sales, PATIENCE).await;
        let (answers, open) =
            answers.into_iter().partition::<Vec<_>, _>(|(_, told)| audit::is_over(told));
        self.report.leased += open.len();
        self.leased.extend(open.into_iter().map(|(sale, _)| sale));
        let mut found = audit::judge(&answers, Some(&self.books));
        found.doubled.extend(audit::used_numbers(&self.tills, &answers).await);
        self.report.found.add(found);
        if number.is_multiple_of(VERIFY_EVERY) {
            self.verify();
        }
    }

    /// Asks for these sales while business time goes on, then reads the wallets' books.
    async fn ask(&mut self, sales: &[Sale], patience: Duration) -> Vec<(Sale, Told)> {
        let going = tokio::spawn(business_goes_on(self.tills[0].clone()));
        let answers = audit::sales(&self.tills, sales, patience).await;
        going.abort();
        self.books.read(&self.program.folder);
        answers
    }

    /// Takes something down and lets it come back.
    async fn fall(&mut self, kind: usize) -> &'static str {
        let away = Duration::from_millis(dice(AWAY_WITHIN_MS));
        match (&mut self.cluster, kind) {
            (Some(cluster), 1) => {
                self.program.kill();
                cluster.fall(Fall::Kill);
                cluster.rise().await;
                self.restart();
                "platform and database killed"
            }
            (Some(cluster), 2) => {
                cluster.fall(if dice(2) == 0 { Fall::Kill } else { Fall::Immediate });
                tokio::time::sleep(away).await;
                cluster.rise().await;
                tokio::time::sleep(away).await;
                "database killed"
            }
            (Some(cluster), 3) => {
                for _ in 0..4 {
                    cluster.cut_connections();
                    tokio::time::sleep(away / 4).await;
                }
                "connections cut"
            }
            _ => {
                self.program.kill();
                self.restart();
                "platform killed"
            }
        }
    }

    fn restart(&mut self) {
        // The files of the wallets are read before a start lets the oldest go.
        self.books.read(&self.program.folder);
        self.program.start_again();
        self.report.ready.push(self.program.ready_after);
    }

    /// Moves business time past every deadline; after a fall of the database when it can again.
    async fn settle(&self) {
        until("business time moves", async || self.tills[0].advance(SETTLE_SECONDS).await).await;
    }

    fn verify(&mut self) {
        self.program.verify("ledger");
        self.program.verify("audit");
        self.report.verified += 1;
    }

    /// Old sales are still what they were; the books hold; the wallets hold no other money.
    async fn last_look(&mut self) {
        let leased = std::mem::take(&mut self.leased);
        let answers = self.ask(&leased, LEASE_PATIENCE).await;
        self.report.found.add(audit::judge(&answers, Some(&self.books)));
        let all = self.facts.since(0);
        let step = all.len().div_ceil(AGAIN_MAX).max(1);
        let some: Vec<_> = all.into_iter().step_by(step).collect();
        let answers = self.ask(&some, PATIENCE).await;
        let again = audit::judge(&answers, None);
        self.report.again = again.checked;
        self.report.found.lost.extend(again.lost);
        self.report.found.doubled.extend(again.doubled);
        self.report.found.strangers(&self.books);
        self.verify();
    }
}
