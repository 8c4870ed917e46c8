//! A till: sells one thing as upay.md says. It pays or precreates, queries when it does not know,
//! cancels what it gives up, and gives money back, asking again under the same numbers until it
//! is answered.

use std::sync::Arc;

use app::Platform;
use app::use_cases::till::{self, NewRefund, NewSale, OrderBy, TillRefusal};
use domain::order::Order;
use domain::payway::{Payway, SubPayway};
use domain::reversal::Reversal;
use domain::terminal::Terminal;
use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::limits::CLIENT_TRIES_MAX;
use crate::network::{Work, ask};
use crate::parties;
use crate::rng::Rng;
use crate::time::pause_ms;
use crate::world::World;

/// A till with one sale.
#[derive(Clone)]
struct Till {
    world: Arc<World>,
    terminal: Arc<Terminal>,
    client_sn: String,
}

type Answer = Result<Order, TillRefusal>;

/// Sells one thing, to the end.
pub async fn sells(world: Arc<World>) {
    let place = world.draw(|rng| rng.below(parties::MERCHANTS_COUNT));
    let till = Till {
        client_sn: format!("C{}", world.number()),
        terminal: Arc::new(parties::terminal(place)),
        world,
    };
    let (minor, presented, twice, notified) = till
        .world
        .draw(|rng| (rng.between(1, 10_000), rng.chance(300), rng.chance(80), rng.chance(700)));
    let sale = sale(&till.client_sn, minor, presented, notified);
    let cancels_ms = till.world.draw(|rng| rng.chance(150).then(|| rng.below(50_000)));
    let impatient = cancels_ms.map(|after_ms| {
        let till = till.clone();
        async move {
            pause_ms(after_ms).await;
            till.cancel().await;
        }
    });
    let mut beside = JoinSet::new();
    if let Some(impatient) = impatient {
        beside.spawn(impatient);
    }
    if twice {
        let (till, sale) = (till.clone(), sale.clone());
        beside.spawn(async move { drop(till.begin(sale, presented).await) });
    }
    let first = till.begin(sale, presented).await;
    let order = match first {
        Some(order) if !order.is_open() => Some(order),
        Some(_) | None => till.waits(presented).await,
    };
    if let Some(order) = order.filter(|order| order.settlement().is_some()) {
        till.gives_back(&order, minor).await;
    }
    while beside.join_next().await.is_some() {}
    till.query().await;
}

/// A part of an amount, or all of it, or more.
pub fn part(rng: &mut Rng, minor: u64) -> u64 {
    match rng.below(10) {
        0 | 1 => minor,
        2 => minor + 1,
        _ => rng.between(1, minor),
    }
}

fn sale(client_sn: &str, minor: u64, presented: bool, notified: bool) -> NewSale {
    NewSale {
        client_sn: client_sn.to_owned(),
        total: minor,
        payway: Some(Payway::WECHAT),
        sub_payway: if presented { SubPayway::QR } else { SubPayway::BARCODE },
        subject: "coffee".to_owned(),
        operator: None,
        description: None,
        notify_url: notified.then(|| "https://merchant.example/callback".to_owned()),
        reflect: None,
        extended: None,
        goods: Vec::new(),
        payer_uid: None,
        return_url: None,
    }
}

impl Till {
    async fn ask(&self, act: impl AsyncCall) -> Option<Answer> {
        let terminal = Arc::clone(&self.terminal);
        let act = Arc::new(act);
        let work: Work<Answer> = Arc::new(move |platform| {
            let (terminal, act) = (Arc::clone(&terminal), Arc::clone(&act));
            async move { act.call(&platform, &terminal).await }.boxed()
        });
        let answer = ask(&self.world, work).await;
        self.heard(answer.as_ref());
        answer
    }

    fn heard(&self, answer: Option<&Answer>) {
        let mut notes = self.world.notes();
        match answer {
            None => notes.answered("none"),
            Some(Ok(order)) => {
                notes.answered("ok");
                notes.shown(order);
            }
            Some(Err(TillRefusal::Rule { order, .. } | TillRefusal::RefundDone { order, .. })) => {
                notes.answered("rule");
                notes.shown(order);
            }
            Some(Err(TillRefusal::Internal { incident })) => {
                notes.answered("internal");
                if self.world.faults.store_is_well() {
                    notes.violated(9, format!("unexpected failure {incident}"));
                }
            }
            Some(Err(_)) => notes.answered("refused"),
        }
    }

    async fn begin(&self, sale: NewSale, presented: bool) -> Option<Order> {
        let answer = self.ask(Begin { sale, presented }).await?;
        answer.ok()
    }

    async fn query(&self) -> Option<Answer> {
        self.ask(Query(self.by())).await
    }

    fn by(&self) -> OrderBy {
        OrderBy::ClientSn(self.client_sn.clone())
    }

    /// Queries until the order has ended; gives up and cancels after a while.
    async fn waits(&self, presented: bool) -> Option<Order> {
        let patience = if presented { 40 } else { CLIENT_TRIES_MAX };
        let mut absent = 0;
        for tried in 0..patience {
            pause_ms(self.world.draw(|rng| rng.between(1_000, 8_000))).await;
            match self.query().await {
                Some(Ok(order)) if !order.is_open() => return Some(order),
                Some(Err(TillRefusal::NoOrder)) => absent += 1,
                Some(_) | None => {}
            }
            if absent > 2 && tried > 3 {
                // It was never made, as far as anybody knows: nobody cancels it.
                return None;
            }
        }
        self.cancel().await
    }

    async fn cancel(&self) -> Option<Order> {
        for _ in 0..CLIENT_TRIES_MAX {
            match self.ask(Cancel(self.by())).await {
                Some(Ok(order)) if !order.is_open() => return Some(order),
                Some(Err(TillRefusal::Rule { order, .. })) => return Some(*order),
                Some(Err(TillRefusal::NoOrder)) => return None,
                Some(Ok(_) | Err(_)) | None => {}
            }
            pause_ms(self.world.draw(|rng| rng.between(500, 5_000))).await;
        }
        None
    }

    /// Refunds, some beside one another, some more than there is; or the cancellation.
    async fn gives_back(&self, order: &Order, minor: u64) {
        let (count, cancels) = self.world.draw(|rng| (rng.below(4), rng.chance(150)));
        pause_ms(self.world.draw(|rng| rng.below(self.world.faults.patience_ms))).await;
        if cancels {
            self.cancel().await;
            return;
        }
        let mut beside = JoinSet::new();
        for place in 0..count {
            let amount = self.world.draw(|rng| part(rng, minor));
            let (till, number) = (self.clone(), format!("R{place}"));
            let by =
                if place == 0 { OrderBy::Sn(order.terms.number.to_string()) } else { self.by() };
            beside.spawn(async move { till.refund(by, number, amount).await });
            if self.world.draw(|rng| rng.chance(500)) {
                while beside.join_next().await.is_some() {}
            }
        }
        while beside.join_next().await.is_some() {}
    }

    async fn refund(&self, by: OrderBy, refund_request_no: String, amount: u64) {
        let input = NewRefund { by, refund_request_no, amount, operator: None, client_tsn: None };
        for _ in 0..CLIENT_TRIES_MAX {
            let answer = self.ask(GiveBack(input.clone())).await;
            let again = match &answer {
                None | Some(Err(TillRefusal::Busy | TillRefusal::Internal { .. })) => true,
                // One that was refused may be tried again under its number.
                Some(Ok(order)) => {
                    order.reversals.iter().any(Reversal::is_open)
                        || order.reversals.last().is_some_and(Reversal::is_refused)
                            && self.world.draw(|rng| rng.chance(500))
                }
                Some(Err(_)) => false,
            };
            if !again {
                return;
            }
            pause_ms(self.world.draw(|rng| rng.between(500, 9_000))).await;
        }
    }
}

/// One call to the platform.
trait AsyncCall: Send + Sync + 'static {
    fn call(
        &self,
        platform: &Arc<Platform>,
        terminal: &Terminal,
    ) -> impl Future<Output = Answer> + Send;
}

struct Begin {
    sale: NewSale,
    presented: bool,
}

impl AsyncCall for Begin {
    async fn call(&self, platform: &Arc<Platform>, terminal: &Terminal) -> Answer {
        let sale = self.sale.clone();
        if self.presented {
            let made = till::precreate(platform, terminal, sale, None).await;
            made.map(|(order, _)| order)
        } else {
            till::pay(platform, terminal, sale, "134500000000000000").await
        }
    }
}

struct Query(OrderBy);

impl AsyncCall for Query {
    async fn call(&self, platform: &Arc<Platform>, terminal: &Terminal) -> Answer {
        till::query(platform, terminal, &self.0).await.map(|found| found.order)
    }
}

struct Cancel(OrderBy);

impl AsyncCall for Cancel {
    async fn call(&self, platform: &Arc<Platform>, terminal: &Terminal) -> Answer {
        till::cancel(platform, terminal, &self.0).await.map(|(order, _)| order)
    }
}

struct GiveBack(NewRefund);

impl AsyncCall for GiveBack {
    async fn call(&self, platform: &Arc<Platform>, terminal: &Terminal) -> Answer {
        till::refund(platform, terminal, self.0.clone()).await.map(|(order, _)| order)
    }
}
