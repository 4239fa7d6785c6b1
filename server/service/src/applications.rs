//! Applications that ask a customer for a key (RFC 8628, with the advice of RFC 10027): a program asks and shows a code, a
//! customer types the code in the pages and decides, the program fetches its key.

mod ask;
mod decide;
mod fetch;
mod list;
mod throttle;

pub use ask::{AskError, AskedApplication, Asking};
pub use decide::{Decided, LookedAt, Owners};
pub use fetch::Answer;
pub use list::ApplicationList;
pub use throttle::AskThrottles;

use crate::keys::Keys;
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros};
use domain::token::Pepper;
use std::sync::Arc;
use store::Store;

/// Seconds for which a request that has ended is known, so that its application learns how.
const KEPT_SECONDS: i64 = 600;

/// The use cases of applications.
pub struct Applications {
    /// Where requests are kept.
    pub store: Arc<dyn Store>,
    /// Where their keys are generated.
    pub keys: Arc<Keys>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Under which the codes are hashed that people type.
    pub pepper: Pepper,
    /// With which tokens are sealed until they are fetched.
    pub sealing: SealingKey,
    /// How often strangers may ask.
    pub throttles: AskThrottles,
}

impl Applications {
    /// Forgets requests that ended a while ago, and tokens that nobody fetched.
    pub async fn sweep(&self) {
        loop {
            let now = self.clock.now();
            let ended = Micros(now.0 - KEPT_SECONDS * Micros::SECOND);
            match self.store.forget_applications(ended, now).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old requests of applications cannot be forgotten");
                    return;
                }
            }
        }
    }
}
