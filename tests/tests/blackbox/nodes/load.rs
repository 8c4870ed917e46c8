//! The load of a group: tills that sell, ask and give back, and services that place orders, have
//! them paid and ask. Each writes down what it was told; the audit asks again for all of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::balancer::Balancer;
use super::books::{Books, Money};
use super::group::Group;
use crate::harness::http::Http;
use crate::harness::messages::{INQUIRE, REFUND as GIVE_BACK, SUBMIT};
use crate::harness::partner::Answer;
use crate::harness::till::{BARCODE, PAY, QUERY, REFUND, client_sn};
use crate::harness::wait::{until, until_within};
use crate::harness::{Envelope, Placed, Report, Service, Till};

/// Tills and services at once.
const TILLS: usize = 4;
const SERVICES: usize = 2;
/// Beyond the lease of a task that a killed node had claimed.
const END_WAIT: Duration = Duration::from_mins(2);

/// A sale of a till, cents.
#[derive(Clone, Debug)]
struct Sale {
    client_sn: String,
    /// The platform's number.
    sn: String,
    given_back: u64,
}

impl Sale {
    fn is_told(&self, reply: &Envelope) -> bool {
        let left = 100 - self.given_back;
        let state = match left {
            100 => "PAID",
            0 => "REFUNDED",
            _ => "PARTIAL_REFUNDED",
        };
        (reply.get("sn"), reply.get("order_status")) == (&self.sn, state)
            && reply.get("net_amount") == left.to_string()
    }
}

/// An order of a service.
#[derive(Clone, Debug)]
struct Order {
    /// What was sent.
    asked: Value,
    tn: String,
    /// A refund of all of it that was taken.
    refund: Option<Value>,
}

/// What the load was told.
#[derive(Default)]
struct Facts {
    sales: Mutex<Vec<Sale>>,
    orders: Mutex<Vec<Order>>,
    stop: AtomicBool,
    answers: AtomicUsize,
}

/// A running load.
pub(crate) struct Load {
    facts: Arc<Facts>,
    lanes: Vec<JoinHandle<()>>,
    till: Till,
    service: Service,
}

impl Load {
    pub(crate) async fn start(group: &Group, balancer: &Balancer) -> Self {
        let facts = Arc::new(Facts::default());
        let (till, service) = (group.till(0).await, Service::first(&group.sandbox));
        let mut lanes = Vec::new();
        for _ in 0..TILLS {
            let till = Till { http: Http::strict(), ..till.clone() };
            let (facts, balancer) = (Arc::clone(&facts), balancer.clone());
            lanes.push(on_a_thread(async move || {
                while !facts.stop.load(Ordering::Relaxed) {
                    sell(&till, &balancer, &facts).await;
                }
            }));
        }
        for _ in 0..SERVICES {
            let mut lane = Lane {
                service: service.clone(),
                balancer: balancer.clone(),
                facts: Arc::clone(&facts),
                simulation: format!("{}/sandbox/v1/pay", group.sandbox.base()),
            };
            lane.service.partner.http = Http::strict();
            lanes.push(on_a_thread(async move || {
                while !lane.facts.stop.load(Ordering::Relaxed) {
                    lane.place().await;
                }
            }));
        }
        Self { facts, lanes, till, service }
    }

    /// Until so much more was answered that each lane went through its calls at every node.
    pub(crate) async fn goes_on(&self) {
        const MORE: usize = 150;
        let target = self.facts.answers.load(Ordering::Relaxed) + MORE;
        until("the load goes on", async || {
            let count = self.facts.answers.load(Ordering::Relaxed);
            if count >= target { Ok(()) } else { Err(format!("{count} answers")) }
        })
        .await;
    }

    /// Stops it, and fails if a lane saw an answer that it must not get.
    pub(crate) async fn end(&mut self) {
        self.facts.stop.store(true, Ordering::Relaxed);
        for lane in self.lanes.drain(..) {
            lane.await.expect("only good answers");
        }
    }

    /// All that was told is still said, by whichever node, and the wallets hold what it comes to.
    pub(crate) async fn audit(&self, group: &Group) {
        let sales = self.facts.sales.lock().unwrap().clone();
        let orders = self.facts.orders.lock().unwrap().clone();
        assert!(sales.len() > 50 && orders.len() > 20, "{} {}", sales.len(), orders.len());
        for (index, sale) in sales.iter().enumerate() {
            let till = group.nodes[index % group.nodes.len()].till(&self.till);
            until_within(END_WAIT, "a sale is what was told", async || {
                let reply = till.query(&sale.client_sn).await;
                if sale.is_told(&reply) { Ok(()) } else { Err(format!("{sale:?}: {}", reply.0)) }
            })
            .await;
        }
        let mut report = Report::default();
        let mut books = Books::default();
        books.read(&group.sandbox.folder);
        for sale in &sales {
            let money = books.of(&sale.sn);
            let whole = Money { left: 100 - sale.given_back, given_back: sale.given_back };
            report.check(money == whole, || format!("{sale:?}: the wallet says {money:?}"));
        }
        let known = |sn: &str| sales.iter().any(|sale| sale.sn == sn);
        for (sn, money) in books.all().filter(|(sn, money)| money.left > 0 && !known(sn)) {
            report.fail(format!("{sn}: the wallet holds {money:?}, and no till was told of it"));
        }
        for (index, order) in orders.iter().enumerate() {
            let node = &group.nodes[index % group.nodes.len()];
            audit_order(&node.service(&self.service), order, &mut report).await;
        }
        report.done();
    }
}

async fn audit_order(service: &Service, order: &Order, report: &mut Report) {
    let (id, time) = (&order.asked["orderId"], &order.asked["txnTime"]);
    let key = service.whose(id.as_str().expect("orderId"), time.as_str().expect("txnTime"));
    let answer = service.send(INQUIRE, &key).await.expect("00");
    let paid = ["SUCCESS", "REFUNDED"].contains(&answer.get("txnStatus"));
    report.check(paid, || format!("{order:?}: {}", answer.0));
    let again = service.send(SUBMIT, &order.asked).await;
    report.check(again.get("tn") == order.tn, || format!("{order:?}: {}", again.0));
    if let Some(refund) = &order.refund {
        service.wait_for_reversal(refund, "SUCCESS").await;
    }
}

/// A lane on a thread of its own.
fn on_a_thread(lane: impl AsyncFnOnce() + Send + 'static) -> JoinHandle<()> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(lane()))
}

/// One customer: pays, is looked up, and every other one gets something back.
async fn sell(till: &Till, balancer: &Balancer, facts: &Facts) {
    let number = client_sn();
    let members = Till::sale(&number, BARCODE);
    let call = async |path: &str, members: &Value| {
        let told = balancer.send(async |base| till.try_call(base, path, members).await).await;
        facts.answers.fetch_add(1, Ordering::Relaxed);
        told
    };
    let asked = json!({ "client_sn": number });
    let (reply, again) = call(PAY, &members).await;
    let reply = if again && reply.biz() == ("FAIL", "CLIENT_SN_CONFLICT") {
        // The node that was killed had taken it on: whichever end it comes to, it comes to one.
        until_within(END_WAIT, "the end of a sale", async || {
            let (reply, _) = call(QUERY, &asked).await;
            let open = ["CREATED", "PAY_ERROR", ""].contains(&reply.get("order_status"));
            if open { Err(reply.0.to_string()) } else { Ok(reply) }
        })
        .await
    } else {
        reply.is("PAY_SUCCESS", "").clone()
    };
    if reply.get("order_status") == "PAY_CANCELED" {
        assert!(again, "only a broken call may end unpaid: {}", reply.0);
        return;
    }
    let sn = reply.get("sn").to_owned();
    let last = number.chars().last().and_then(|it| it.to_digit(10)).expect("a digit");
    let (seen, _) = call(QUERY, &asked).await;
    seen.stands("PAID", "SUCCESS", "100");
    assert_eq!(seen.get("sn"), sn, "the same order everywhere");
    let mut given_back = 0;
    if last.is_multiple_of(2) {
        given_back = if last == 0 { 100 } else { 30 };
        let members = Till::giving_back(&number, "r1", &given_back.to_string());
        let (reply, again) = call(REFUND, &members).await;
        // The node that was killed may have begun it: then it comes to its end by itself.
        let begun = ["UPAY_REFUND_ORDER_NOOP", "UPAY_REFUND_IN_PROGRESS"].contains(&reply.biz().1);
        assert!(again && begun || reply.biz().0 == "REFUND_SUCCESS", "{}", reply.0);
    }
    facts.sales.lock().unwrap().push(Sale { client_sn: number, sn, given_back });
}

/// A service at work.
struct Lane {
    service: Service,
    balancer: Balancer,
    facts: Arc<Facts>,
    /// Where payers pay.
    simulation: String,
}

impl Lane {
    async fn send(&self, path: &str, trx_info: &Value) -> Answer {
        let send = async |base: &str| self.service.try_send(base, path, trx_info).await;
        let (answer, _) = self.balancer.send(send).await;
        self.facts.answers.fetch_add(1, Ordering::Relaxed);
        answer
    }

    /// Places an order, twice at two nodes, has it paid, and gives every third one back.
    async fn place(&self) {
        let asked = self.service.order("2500");
        let answer = self.send(SUBMIT, &asked).await.expect("00");
        let tn = answer.get("tn").to_owned();
        let again = self.send(SUBMIT, &asked).await.expect("00");
        assert_eq!(again.get("tn"), tn, "one order");
        let body = json!({ "tn": tn, "outcome": "success" }).to_string();
        let paid = Http::new().post(&self.simulation, &[], body).await.expect("the payer pays");
        assert_eq!(paid.status, 200, "{}", paid.text());
        let text = |name: &str| asked[name].as_str().expect(name).to_owned();
        let key = self.service.whose(&text("orderId"), &text("txnTime"));
        until("an order is paid", async || {
            let answer = self.send(INQUIRE, &key).await.expect("00");
            let paid = answer.get("txnStatus") == "SUCCESS";
            if paid { Ok(()) } else { Err(answer.0.to_string()) }
        })
        .await;
        let placed = Placed {
            order_id: text("orderId"),
            txn_time: text("txnTime"),
            amount: "2500".to_owned(),
            tn: tn.clone(),
            payment_url: String::new(),
        };
        let refund = placed.order_id.ends_with(['0', '3', '6', '9']);
        let refund = refund.then(|| self.service.reversal(&placed, "2500"));
        if let Some(refund) = &refund {
            self.send(GIVE_BACK, refund).await.expect_taken();
        }
        self.facts.orders.lock().unwrap().push(Order { asked, tn, refund });
    }
}
