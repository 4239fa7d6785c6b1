//! Several keys at once.

use serde::{Deserialize, Serialize};

use super::KeyRow;

/// The keys that something is to be done to.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SeveralKeys {
    /// The keys; none if none was selected.
    pub rows: Vec<KeyRow>,
    /// Whether they are to be deleted; else they are to be paused.
    pub deletes: bool,
    /// The query of the list from which it was asked for.
    pub back: String,
    /// Whether the visitor may change keys.
    pub may_manage: bool,
}
