//! The deliverer, which carries messages to the webhooks of accounts.

mod deliverer;
mod message;
mod sender;

pub use deliverer::Deliverer;
pub use sender::{Failure, Reply, Sender};
