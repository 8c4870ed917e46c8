//! Deep backlogs: whoever is silent, or is told much, delays no other and waits for no lease.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use app::ports::Clock;
use app::writeset::TaskId;
use async_trait::async_trait;
use causeway_delivery::Notices;
use domain::ids::AppId;
use domain::notice::{Notice, NoticeAttempt, Receiver};
use domain::order::Order;

use crate::dispatcher::{Node, notice_task};
use crate::world::{Places, SERVICE, notice, paid, until};

/// Receivers, each at the address of its order: the silent never answer, others confirm.
struct Receivers {
    clock: Arc<dyn Clock>,
    /// Calls under way, by address.
    calls: Arc<Mutex<HashMap<String, usize>>>,
}

fn address(order: &Order) -> String {
    order.terms.details.back_url.clone().unwrap()
}

#[async_trait]
impl Notices for Receivers {
    fn address(&self, order: &Order, _: &Notice) -> Option<(AppId, String)> {
        Some((SERVICE.into(), address(order)))
    }

    async fn attempt(&self, order: &Order, _: &Notice) -> NoticeAttempt {
        let url = address(order);
        *self.calls.lock().unwrap().entry(url.clone()).or_default() += 1;
        if url.contains("silent") {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        *self.calls.lock().unwrap().entry(url).or_default() -= 1;
        NoticeAttempt { at: self.clock.now(), status: Some(200), latency_ms: 0, error: None }
    }
}

/// A node with notices in its store that are due, not started.
struct Backlogs {
    node: Node,
    orders: u64,
    calls: Arc<Mutex<HashMap<String, usize>>>,
}

impl Backlogs {
    fn new() -> Self {
        Self { node: Node::new(&Places::default()), orders: 0, calls: Arc::default() }
    }

    fn start(&mut self) {
        let clock = Arc::clone(&self.node.platform.clock);
        self.node.start_with(Arc::new(Receivers { clock, calls: Arc::clone(&self.calls) }));
    }

    /// So many notices are due at this receiver.
    async fn due(&mut self, receiver: &str, count: u64) -> Vec<TaskId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            self.orders += 1;
            let mut order = paid(&self.node.world, self.orders);
            let url = format!("https://{receiver}/notice");
            Arc::make_mut(&mut order.terms).details.back_url = Some(url);
            let notice = notice(&order, Receiver::Industry);
            ids.push(TaskId::notice(&notice.id));
            self.node.put(order.clone(), vec![notice_task(&order, notice)]).await;
        }
        ids
    }

    /// Waits until all of these were told.
    async fn told(&self, ids: &[TaskId]) {
        for id in ids {
            until(async || !self.node.notice(id).await.attempts.is_empty()).await;
        }
    }

    fn calls_to_silent(&self) -> Vec<usize> {
        let calls = self.calls.lock().unwrap();
        let silent = calls.iter().filter(|(url, _)| url.contains("silent"));
        silent.map(|(_, count)| *count).collect()
    }
}

#[tokio::test]
async fn many_silent_receivers_leave_room_for_one_that_is_well() {
    let mut backlogs = Backlogs::new();
    for number in 0..40 {
        backlogs.due(&format!("silent{number}"), 40).await;
    }
    let well = backlogs.due("well", 20).await;
    backlogs.start();
    backlogs.told(&well).await;
    let calls = backlogs.calls_to_silent();
    assert_eq!(calls.len(), 40, "each silent receiver was tried");
    let later = backlogs.due("well", 100).await;
    backlogs.told(&later).await;
}

#[tokio::test]
async fn what_waits_for_silent_receivers_takes_no_place_of_one_that_is_well() {
    let mut backlogs = Backlogs::new();
    for number in 0..6 {
        backlogs.due(&format!("silent{number}"), 1_100).await;
    }
    let well = backlogs.due("well", 200).await;
    backlogs.start();
    backlogs.told(&well).await;
}

#[tokio::test]
async fn a_deep_backlog_of_a_receiver_that_is_well_waits_for_no_lease() {
    let mut backlogs = Backlogs::new();
    let deep = backlogs.due("deep", 2_000).await;
    let well = backlogs.due("well", 10).await;
    backlogs.start();
    backlogs.told(&well).await;
    backlogs.told(&deep).await;
}
