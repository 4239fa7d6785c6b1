//! Letters that wait to be sent, and unsubscribing from them. The mailer in `server` sends them.

mod letter;
mod subscription;

pub use letter::Letter;
pub use subscription::{Subscription, Subscriptions};
