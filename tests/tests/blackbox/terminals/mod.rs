//! The acceptance list of upay.md section 13, point by point, and what lies behind it: crashes,
//! races, and the habits of the clients that exist. Every reply is held against the typing rules.

mod abort;
mod back;
mod callbacks;
mod clients;
mod crash;
mod gate;
mod keys;
mod limits;
mod once;
mod operator;
mod presented;
mod sales;
mod wap;

use std::pin::Pin;

/// Runs as many copies of a task at once.
async fn at_once<T: Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> Pin<Box<dyn Future<Output = T> + Send>>,
) -> Vec<T> {
    let running: Vec<_> = (0..count).map(|index| tokio::spawn(task(index))).collect();
    let mut ends = Vec::new();
    for one in running {
        ends.push(one.await.expect("the task ends"));
    }
    ends
}
