//! Whose an address is.

use serde::{Deserialize, Serialize};

/// Whose address an application asked from, for the customer who decides about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The customer's own, at this moment.
    Here,
    /// One from which keys of theirs pass.
    OfKeys,
    /// Of neither.
    Elsewhere,
    /// It is not known.
    Unknown,
}
