//! Tells the dispatcher that something became due. A hint: work is found without it, only later.

/// Called after a commit that made tasks due.
pub trait Wake: Send + Sync + 'static {
    /// There is work.
    fn wake(&self);
}
