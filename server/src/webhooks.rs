//! Messages to the webhooks of accounts.
//!
//! They wait in the database. The deliverer runs on the pages' runtime, sends first and records the attempt after that, so
//! a crash repeats what was in flight and loses nothing.

mod deliverer;
mod message;
mod sender;

pub use deliverer::Deliverer;
pub use sender::{ReceiverReply, SendError, Sender};
