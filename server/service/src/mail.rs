//! What is to be mailed, and stopping it. Who sends it stands elsewhere.

mod letter;
mod subscription;

pub use letter::Letter;
pub use subscription::{Subscription, Subscriptions};
