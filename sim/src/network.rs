//! The network: questions and answers are lost, doubled, delayed and so reordered, or garbled.

use std::sync::Arc;
use std::time::Duration;

use app::Platform;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::limits::CLIENT_LIMIT_MS;
use crate::node;
use crate::time::pause_ms;
use crate::world::World;

/// What becomes of one exchange.
struct Way {
    there_ms: u64,
    back_ms: u64,
    question_lost: bool,
    answer_lost: bool,
    again_ms: Option<u64>,
    hangs: bool,
}

impl Way {
    fn drawn(world: &World) -> Self {
        let faults = &world.faults;
        let slow = world.goes_wrong(faults.slow);
        let question_lost = world.goes_wrong(faults.lose_question);
        let answer_lost = world.goes_wrong(faults.lose_answer) || world.goes_wrong(faults.garble);
        let again = world.goes_wrong(faults.double);
        world.draw(|rng| Self {
            there_ms: match rng.below(5) {
                0 | 1 if slow => rng.below(15_000),
                2 if slow => rng.below(150_000),
                _ => rng.below(4),
            },
            back_ms: if slow { rng.below(15_000) } else { rng.below(4) },
            question_lost,
            answer_lost,
            again_ms: again
                .then(|| if rng.chance(300) { rng.below(120_000) } else { rng.below(9) }),
            hangs: rng.chance(500),
        })
    }

    fn says_nothing(&self) -> bool {
        self.question_lost || self.answer_lost
    }
}

/// A question to a partner, who acts on it at once when it arrives, as often as it arrives.
pub async fn call<A: Send + 'static>(
    world: &Arc<World>,
    limit: Duration,
    act: impl Fn(&Arc<World>) -> A + Send + Sync + 'static,
) -> Option<A> {
    let way = Way::drawn(world);
    let (done, answer) = oneshot::channel();
    let there = Arc::clone(world);
    world.spawn(async move {
        pause_ms(way.there_ms).await;
        if !way.question_lost {
            let said = act(&there);
            pause_ms(way.back_ms).await;
            if !way.answer_lost {
                drop(done.send(said));
                wait_and_repeat(way.again_ms, || drop(act(&there))).await;
                return;
            }
        }
        wait_and_repeat(way.again_ms, || drop(act(&there))).await;
        if way.hangs {
            tokio::time::timeout(limit, std::future::pending::<()>()).await.unwrap_or_default();
        }
        drop(done);
    });
    timeout(limit, answer).await.ok()?.ok()
}

async fn wait_and_repeat(again_ms: Option<u64>, act: impl FnOnce()) {
    if let Some(again_ms) = again_ms {
        pause_ms(again_ms).await;
        act();
    }
}

/// What a client asks of the platform; asked again with the same bytes when it is doubled.
pub type Work<A> = Arc<dyn Fn(Arc<Platform>) -> BoxFuture<'static, A> + Send + Sync>;

/// A client's question to one of the nodes. `None`: no answer, and nobody knows what was done.
pub async fn ask<A: Send + 'static>(world: &Arc<World>, work: Work<A>) -> Option<A> {
    let way = Way::drawn(world);
    let count = u64::try_from(world.nodes.len()).unwrap_or(1);
    let (first, second) = world.draw(|rng| (rng.below(count), rng.below(count)));
    let (done, answer) = oneshot::channel();
    let there = Arc::clone(world);
    let silent = way.says_nothing();
    world.spawn(async move {
        if let Some(again_ms) = way.again_ms {
            let (world, work) = (Arc::clone(&there), Arc::clone(&work));
            there.spawn(async move {
                pause_ms(again_ms).await;
                drop(node::work(&world, place(second), work));
            });
        }
        pause_ms(way.there_ms).await;
        if way.question_lost {
            return;
        }
        let Some(result) = node::work(&there, place(first), work) else { return };
        let Ok(said) = result.await else { return };
        pause_ms(way.back_ms).await;
        if !way.answer_lost {
            drop(done.send(said));
        }
    });
    let said = timeout(Duration::from_millis(CLIENT_LIMIT_MS), answer).await.ok()?.ok();
    said.filter(|_| !silent)
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
