//! The sending side against real local partners: they verify every call, sign their answers, and
//! some of them lie, hang or are not there.
#![expect(clippy::unwrap_used, reason = "a helper of a test that cannot go on may panic")]

mod backlogs;
mod channel;
mod dispatcher;
mod downstream;
mod faulty;
mod notices;
mod partner;
mod world;
