//! The courier, which carries messages to the webhooks of accounts.

mod courier;
mod message;
mod sender;

pub use courier::Courier;
pub use sender::{Failure, Reply, Sender};
