//! What the declarations promise, checked for every message, shape and half.

mod codecs;
mod declarations;
mod messages;
mod properties;
mod snapshots;
mod tolerance;
mod upay;
