//! Whether a key passes, apart from its address rule.

use serde::{Deserialize, Serialize};

/// Whether a key passes, apart from its address rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// The key passes.
    Active,
    /// Its user paused it.
    Paused,
    /// Its time is over.
    Expired,
}
