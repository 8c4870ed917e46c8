//! The dispatcher over a real store and a moved clock: schedules, order, restarts, dead receivers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use app::Platform;
use app::directory::DirectoryData;
use app::ports::{CommitOutcome, Sealer, Store, Wake};
use app::testing::{HexSealer, Pieces, ScriptedWallets, platform};
use app::writeset::{OrderWrite, Task, TaskBody, TaskId, TaskWrite, WriteSet};
use axum::response::Response;
use causeway_delivery::channel::ChannelGatewayParts;
use causeway_delivery::dispatcher::DispatcherParts;
use causeway_delivery::{Bell, Dispatcher, HttpChannelGateway, HttpDownstream, Notices};
use dialect::time::default_zone;
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{Order, OrderState, Terms};
use jiff::{SignedDuration, Timestamp};
use store::MemoryStore;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::faulty::FaultyStore;
use crate::notices::sender;
use crate::world::{
    MERCHANT, Places, Received, Stub, World, approved, notice, order, paid, paying, signed,
    silence, until, world,
};

/// A node: a platform over a store, and its dispatcher while it runs.
pub(crate) struct Node {
    pub(crate) platform: Arc<Platform>,
    bell: Arc<Bell>,
    pub(crate) world: World,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Node {
    fn over(store: Arc<dyn Store>, places: &Places) -> Self {
        let world = world(places);
        let clock = Arc::new(world.clock.clone());
        let bell = Arc::new(Bell::new(clock.clone()));
        let (partner, directory) = (Arc::clone(&world.partner), Arc::clone(&world.directory));
        let sealer: Arc<dyn Sealer> = Arc::new(HexSealer);
        let channels = HttpChannelGateway::new(ChannelGatewayParts {
            partner: Arc::clone(&partner),
            directory: Arc::clone(&directory),
            clock: clock.clone(),
            ids: world.ids.clone(),
            sealer,
            default_zone: default_zone(),
        });
        let downstream = HttpDownstream::new(partner, Arc::clone(&directory), clock.clone());
        let platform = Platform {
            ids: world.ids.clone(),
            directory,
            wake: bell.clone(),
            ..platform(Pieces {
                store,
                clock: clock.clone(),
                downstream: Arc::new(downstream),
                channels: Arc::new(channels),
                wallets: Arc::new(ScriptedWallets::default()),
                sleeper: clock,
                directory: DirectoryData::default(),
                base_url: "https://ucsp.example".to_owned(),
                compare: Box::new(dialect::ucsp::first_difference),
                callback: Box::new(dialect::upay::callback_body),
            })
        };
        Self { platform: Arc::new(platform), bell, world, running: None }
    }

    pub(crate) fn new(places: &Places) -> Self {
        Self::over(Arc::new(MemoryStore::new()), places)
    }

    fn start(&mut self) {
        self.start_with(Arc::new(sender(&self.world)));
    }

    pub(crate) fn start_with(&mut self, notices: Arc<dyn Notices>) {
        let dispatcher = Dispatcher::new(DispatcherParts {
            platform: Arc::clone(&self.platform),
            notices,
            sleeper: Arc::new(self.world.clock.clone()),
            bell: Arc::clone(&self.bell),
            holder: "node-1".to_owned(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let run = dispatcher.run(async move {
            drop(stopped.await);
        });
        self.running = Some((stop, tokio::spawn(run)));
    }

    async fn stop(&mut self) {
        let (stop, run) = self.running.take().unwrap();
        drop(stop);
        run.await.unwrap();
    }

    /// Puts an order and tasks into the store, and rings.
    pub(crate) async fn put(&self, order: Order, tasks: Vec<Task>) {
        let set = WriteSet {
            order: Some(OrderWrite { order, expected: None }),
            tasks: tasks.into_iter().map(TaskWrite::Insert).collect(),
            at: Some(self.now()),
            ..WriteSet::default()
        };
        assert_eq!(self.platform.store.commit(set).await.unwrap(), CommitOutcome::Committed);
        self.bell.wake();
    }

    fn now(&self) -> Timestamp {
        self.platform.clock.now()
    }

    pub(crate) async fn notice(&self, id: &TaskId) -> Notice {
        let task = self.platform.store.task(&MERCHANT.into(), id).await.unwrap().unwrap();
        let TaskBody::Notice(notice) = task.value.body else { panic!("a notice") };
        *notice
    }

    async fn order(&self, order: &Order) -> Order {
        let found = self.platform.store.order(&MERCHANT.into(), &order.terms.number).await;
        found.unwrap().unwrap().value
    }
}

pub(crate) fn notice_task(order: &Order, notice: Notice) -> Task {
    Task {
        id: TaskId::notice(&notice.id),
        owner: MERCHANT.into(),
        order: order.terms.number.clone(),
        due_at: Some(order.terms.created_at),
        after: notice.after.as_ref().map(TaskId::notice),
        attempts: 0,
        body: TaskBody::Notice(Box::new(notice)),
    }
}

fn at(url: &str) -> Places {
    Places { service: url.to_owned(), channel: url.to_owned(), ..Places::default() }
}

const REFUSAL: &str = r#"{"msgResponse":{"responseCode":"99","responseMsg":"not now"}}"#;

fn answer(received: &Received, confirmed: bool) -> Response {
    signed(&received.app, if confirmed { approved() } else { REFUSAL.to_owned() })
}

/// Minutes between attempts by the schedule of the seed.
const GAPS_MIN: [i64; 5] = [1, 2, 4, 8, 16];

/// A receiver that would confirm the attempt of this number, counted from 0; there is no 6.
async fn schedule_until(confirmed_at: usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let stub = Stub::start(move |received| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move { answer(&received, number == confirmed_at) }
    })
    .await;
    let mut node = Node::new(&at(&stub.url));
    node.start();
    let order = paid(&node.world, 1);
    let notice = notice(&order, Receiver::Industry);
    let id = TaskId::notice(&notice.id);
    node.put(order.clone(), vec![notice_task(&order, notice)]).await;
    until(async || !node.notice(&id).await.attempts.is_empty()).await;
    node.world.clock.advance(SignedDuration::from_hours(2)).await;

    let notice = node.notice(&id).await;
    let times: Vec<Timestamp> = notice.attempts.iter().map(|attempt| attempt.at).collect();
    assert_eq!(times.len(), (confirmed_at + 1).min(6));
    for (pair, gap) in times.windows(2).zip(GAPS_MIN) {
        let passed = pair[1].duration_since(pair[0]);
        let gap = SignedDuration::from_mins(gap);
        assert!(passed >= gap, "{passed:#} is not before {gap:#}");
        assert!(passed < gap + SignedDuration::from_secs(30), "{passed:#} is near {gap:#}");
    }
    if confirmed_at < 6 {
        assert!(matches!(notice.state, NoticeState::Confirmed { .. }), "{:?}", notice.state);
    } else {
        assert!(matches!(notice.state, NoticeState::Undelivered { .. }), "{:?}", notice.state);
    }
    let seen = stub.seen();
    for (number, received) in seen.iter().enumerate() {
        let sent = &received.json()["trxInfo"];
        assert_eq!(sent["notifyId"], notice.id.as_str());
        assert_eq!(sent["notifyCount"], (number + 1).to_string());
    }
    node.stop().await;
}

#[tokio::test]
async fn a_notice_goes_out_at_once_and_then_by_the_schedule_until_confirmed() {
    for confirmed_at in 0..6 {
        schedule_until(confirmed_at).await;
    }
}

#[tokio::test]
async fn after_five_repeats_it_is_undelivered_and_stays_so() {
    schedule_until(6).await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_delays_no_other() {
    let dead = Stub::start(async |_| silence().await).await;
    let alive = Stub::start(async |received: Received| answer(&received, true)).await;
    let mut node = Node::new(&at(&alive.url));
    node.start();
    for number in 0..200 {
        let mut order = paid(&node.world, number);
        std::sync::Arc::make_mut(&mut order.terms).details.back_url =
            Some(format!("{}/notice", dead.url));
        let notice = notice(&order, Receiver::Industry);
        node.put(order.clone(), vec![notice_task(&order, notice)]).await;
    }
    let mut confirmed = Vec::new();
    for number in 1000..1020 {
        let order = paid(&node.world, number);
        let notices = [Receiver::Industry, Receiver::Channel].map(|to| notice(&order, to));
        confirmed.extend(notices.iter().map(|notice| TaskId::notice(&notice.id)));
        let tasks = notices.map(|notice| notice_task(&order, notice)).to_vec();
        node.put(order, tasks).await;
    }
    for id in &confirmed {
        let state = async || node.notice(id).await.state;
        until(async || matches!(state().await, NoticeState::Confirmed { .. })).await;
    }
    assert!(!dead.seen().is_empty(), "the dead receiver was tried");
    assert!(dead.seen().len() < 100, "but not by all at once");
}

#[tokio::test]
async fn the_first_attempt_of_a_later_notice_waits_for_the_earlier_one() {
    let stub = Stub::start(async |received: Received| answer(&received, false)).await;
    let mut node = Node::new(&at(&stub.url));
    let order = paid(&node.world, 1);
    let first = notice(&order, Receiver::Industry);
    let mut second = notice(&order, Receiver::Industry);
    second.id = "z2345678901234567890123456789012".into();
    second.after = Some(first.id.clone());
    let (first_id, second_id) = (TaskId::notice(&first.id), TaskId::notice(&second.id));
    // The later one stands first in the store's order of time.
    let mut tasks = vec![notice_task(&order, second), notice_task(&order, first)];
    tasks[0].due_at = Some(order.terms.created_at - SignedDuration::from_mins(1));
    node.put(order, tasks).await;
    node.start();
    until(async || !node.notice(&second_id).await.attempts.is_empty()).await;
    let sent: Vec<String> = stub
        .seen()
        .iter()
        .map(|received| received.json()["trxInfo"]["notifyId"].as_str().unwrap().to_owned())
        .collect();
    let (first, second) = (node.notice(&first_id).await, node.notice(&second_id).await);
    assert_eq!(sent[..2], [first.id.to_string(), second.id.to_string()]);
    assert!(first.attempts[0].at <= second.attempts[0].at);
}

#[tokio::test]
async fn what_was_begun_goes_on_after_a_restart() {
    let up = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&up);
    let stub = Stub::start(move |received| {
        let confirmed = state.load(Ordering::SeqCst);
        async move { answer(&received, confirmed) }
    })
    .await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut node = Node::over(Arc::clone(&store), &at(&stub.url));
    node.start();
    let order = paid(&node.world, 1);
    let notice = notice(&order, Receiver::Industry);
    let id = TaskId::notice(&notice.id);
    node.put(order.clone(), vec![notice_task(&order, notice)]).await;
    until(async || node.notice(&id).await.attempts.len() == 1).await;
    node.stop().await;

    up.store(true, Ordering::SeqCst);
    let mut node = Node::over(store, &at(&stub.url));
    node.start();
    node.world.clock.advance(SignedDuration::from_mins(2)).await;
    let notice = node.notice(&id).await;
    assert!(matches!(notice.state, NoticeState::Confirmed { .. }), "{:?}", notice.state);
    assert_eq!(notice.attempts.len(), 2);
    node.stop().await;
}

#[tokio::test]
async fn a_stop_begins_nothing_and_waits_for_what_runs() {
    let (entered, leave) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
    let (count, gate) = (Arc::clone(&entered), Arc::clone(&leave));
    let stub = Stub::start(move |received| {
        count.fetch_add(1, Ordering::SeqCst);
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            answer(&received, true)
        }
    })
    .await;
    let mut node = Node::new(&at(&stub.url));
    node.start();
    let order = paid(&node.world, 1);
    let told = notice(&order, Receiver::Industry);
    let id = TaskId::notice(&told.id);
    node.put(order.clone(), vec![notice_task(&order, told)]).await;
    until(async || entered.load(Ordering::SeqCst) == 1).await;
    let (stop, run) = node.running.take().unwrap();
    drop(stop);
    let late = paid(&node.world, 2);
    let unsent = notice(&late, Receiver::Industry);
    let unsent_id = TaskId::notice(&unsent.id);
    tokio::task::yield_now().await;
    assert!(!run.is_finished(), "it waits for what runs");
    leave.add_permits(1);
    run.await.unwrap();
    assert!(matches!(node.notice(&id).await.state, NoticeState::Confirmed { .. }));
    node.put(late.clone(), vec![notice_task(&late, unsent)]).await;
    assert!(node.notice(&unsent_id).await.attempts.is_empty());
    assert_eq!(entered.load(Ordering::SeqCst), 1);
}

fn closing(order: &Order) -> Task {
    Task {
        id: TaskId::close(&order.terms.number),
        owner: MERCHANT.into(),
        order: order.terms.number.clone(),
        due_at: Some(order.terms.expires_at),
        after: None,
        attempts: 0,
        body: TaskBody::Close,
    }
}

#[tokio::test]
async fn an_unpaid_order_closes_at_its_time_and_not_before() {
    let mut node = Node::new(&Places::default());
    node.start();
    let placed = order(&node.world, 1);
    node.put(placed.clone(), vec![closing(&placed)]).await;
    node.world.clock.advance(SignedDuration::from_mins(14)).await;
    assert_eq!(node.order(&placed).await.state, OrderState::Created);
    node.world.clock.advance(SignedDuration::from_mins(1)).await;
    assert!(matches!(node.order(&placed).await.state, OrderState::Closed { .. }));
    node.stop().await;
}

fn inquiry(open: &Order, due_at: Timestamp) -> Task {
    Task {
        id: TaskId::inquire(&open.terms.query_id),
        owner: MERCHANT.into(),
        order: open.terms.number.clone(),
        due_at: Some(due_at),
        after: None,
        attempts: 0,
        body: TaskBody::Inquire { query_id: open.terms.query_id.clone(), reversal: false },
    }
}

/// The downstream system's answer to an inquiry.
fn told(received: &Received, known: bool) -> Response {
    let status = if known { "SUCCESS" } else { "ACCEPTED" };
    let query_id = received.json()["queryId"].as_str().unwrap().to_owned();
    let body =
        format!(r#"{{"queryId":"{query_id}","status":"{status}","respCode":"00","respMsg":"m"}}"#);
    signed(&received.app, body)
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_after_until_it_is_known_and_then_told() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let downstream = Stub::start(move |received| {
        let known = count.fetch_add(1, Ordering::SeqCst) == 3;
        async move { told(&received, known) }
    })
    .await;
    let partner = Stub::start(async |received: Received| answer(&received, true)).await;
    let places = Places { downstream: downstream.url.clone(), ..at(&partner.url) };
    let mut node = Node::new(&places);
    node.start();
    let open = paying(&node.world, 1);
    let now = node.now();
    let OrderState::Paying { attempt } = open.state.clone() else { panic!("paying") };
    let open = Order { state: OrderState::Unknown { attempt, since: now }, ..open };
    node.put(open.clone(), vec![inquiry(&open, now)]).await;
    node.world.clock.advance(SignedDuration::from_mins(5)).await;
    assert!(matches!(node.order(&open).await.state, OrderState::Paid { .. }));
    assert_eq!(asked.load(Ordering::SeqCst), 4, "it stops at a final state");
    until(async || partner.seen().len() == 2).await;
    node.stop().await;
}

/// What was done and could not be recorded is done again as soon as the store takes it, and not
/// when the lease of a node that lives has lapsed.
#[tokio::test]
async fn what_the_store_did_not_take_is_done_again_when_it_is_back() {
    let stub = Stub::start(|received| async move { answer(&received, true) }).await;
    let store = Arc::new(FaultyStore::default());
    let mut node = Node::over(store.clone(), &at(&stub.url));
    let order = paid(&node.world, 1);
    let notice = notice(&order, Receiver::Industry);
    let id = TaskId::notice(&notice.id);
    node.put(order.clone(), vec![notice_task(&order, notice)]).await;
    store.is_failing.store(true, Ordering::SeqCst);
    node.start();
    until(async || store.failed.load(Ordering::SeqCst) > 0).await;
    assert_eq!(stub.seen().len(), 1, "it was sent and could not be recorded");
    let real = node.platform.clock.real_now();
    store.is_failing.store(false, Ordering::SeqCst);
    until(async || !node.notice(&id).await.attempts.is_empty()).await;
    let waited = node.platform.clock.real_now().duration_since(real);
    assert!(waited < SignedDuration::from_secs(30), "{waited:#} is no lease of 90 s");
    assert!(matches!(node.notice(&id).await.state, NoticeState::Confirmed { .. }));
    node.stop().await;
}

/// The task was brought forward and claimed again between the last read of a run and its commit:
/// the claim is not left to its lease.
#[tokio::test]
async fn what_is_claimed_again_while_it_is_in_hand_is_done_when_the_hand_is_free() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let downstream = Stub::start(move |received| {
        let known = count.fetch_add(1, Ordering::SeqCst) == 1;
        async move { told(&received, known) }
    })
    .await;
    let partner = Stub::start(async |received: Received| answer(&received, true)).await;
    let places = Places { downstream: downstream.url.clone(), ..at(&partner.url) };
    let store = Arc::new(FaultyStore::default());
    let mut node = Node::over(store.clone(), &places);
    let mut open = paying(&node.world, 1);
    let now = node.now();
    let OrderState::Paying { attempt } = &mut open.state else { panic!("paying") };
    attempt.accepted_at = Some(now);
    let inquire = inquiry(&open, now);
    node.put(open.clone(), vec![inquire.clone()]).await;
    store.next_waits.store(true, Ordering::SeqCst);
    node.start();
    store.waits.acquire().await.unwrap().forget();
    let brought = TaskWrite::Replace { task: inquire, expected: 1 };
    let set = WriteSet { tasks: vec![brought], ..WriteSet::default() };
    assert_eq!(store.inner.commit(set).await.unwrap(), CommitOutcome::Committed);
    node.bell.wake();
    let real = node.platform.clock.real_now();
    until(async || store.next_due(real).await.unwrap().is_none()).await;
    store.goes_on.add_permits(1);
    until(async || matches!(node.order(&open).await.state, OrderState::Paid { .. })).await;
    let waited = node.platform.clock.real_now().duration_since(real);
    assert!(waited < SignedDuration::from_secs(30), "{waited:#} is no lease of 90 s");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    node.stop().await;
}

/// A payment was begun between the last read of a closing and its commit: the closing is decided
/// again at once, and ends.
#[tokio::test]
async fn a_closing_that_found_its_order_changed_is_decided_again() {
    let store = Arc::new(FaultyStore::default());
    let mut node = Node::over(store.clone(), &Places::default());
    let placed = order(&node.world, 1);
    let close = Task { due_at: Some(node.now()), ..closing(&placed) };
    node.put(Order { terms: late(&placed), ..placed.clone() }, vec![close.clone()]).await;
    store.next_waits.store(true, Ordering::SeqCst);
    node.start();
    store.waits.acquire().await.unwrap().forget();
    let begun = Order { terms: late(&placed), ..paying(&node.world, 1) };
    let write = OrderWrite { order: begun, expected: Some(1) };
    let set = WriteSet { order: Some(write), at: Some(node.now()), ..WriteSet::default() };
    assert_eq!(store.inner.commit(set).await.unwrap(), CommitOutcome::Committed);
    let real = node.platform.clock.real_now();
    store.goes_on.add_permits(1);
    let due = async || {
        let found = store.task(&MERCHANT.into(), &close.id).await.unwrap();
        found.unwrap().value.due_at
    };
    until(async || due().await.is_none()).await;
    let waited = node.platform.clock.real_now().duration_since(real);
    assert!(waited < SignedDuration::from_secs(30), "{waited:#} is no lease of 90 s");
    assert!(matches!(node.order(&placed).await.state, OrderState::Paying { .. }));
    node.stop().await;
}

/// The terms of an order whose time to be paid is over.
fn late(order: &Order) -> Arc<Terms> {
    let mut terms = Arc::clone(&order.terms);
    Arc::make_mut(&mut terms).expires_at = order.terms.created_at;
    terms
}
