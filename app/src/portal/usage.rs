//! From where a key is used, and why it is refused.

use serde::{Deserialize, Serialize};

use super::{KeyRow, Moment, Spans};

/// How a key is used.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyUsage {
    /// The key.
    pub row: KeyRow,
    /// One page of its addresses, the one that was used last first.
    pub addresses: Vec<AddressRow>,
    /// This page's number; 0 when there is no record at all.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many addresses there are.
    pub total: u64,
    /// Its refusals by cause, the most frequent first.
    pub refused: Vec<RefusedRow>,
}

/// An address that a key was used from.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressRow {
    /// The address.
    pub address: String,
    /// Accepted uses.
    pub count: u64,
    /// The first of them.
    pub first: Moment,
    /// The last of them.
    pub last: Moment,
}

/// The refusals of one cause.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedRow {
    /// The cause, as gateways are told it.
    pub code: String,
    /// How many.
    pub counts: Spans,
}
