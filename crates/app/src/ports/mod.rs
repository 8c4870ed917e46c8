//! What the use cases need from outside, as traits.

pub mod channel;
pub mod clock;
pub mod downstream;
pub mod ids;
pub mod logs;
pub mod sealer;
pub mod store;
pub mod wake;
pub mod wallets;

pub use channel::{ChannelError, ChannelGateway};
pub use clock::{Busy, Clock, Sleeper};
pub use downstream::{Downstream, PlaceError};
pub use ids::Ids;
pub use logs::LogBooks;
pub use sealer::Sealer;
pub use store::{CommitOutcome, Store, StoreError};
pub use wake::Wake;
pub use wallets::{PresentError, Presented, Wallets};
