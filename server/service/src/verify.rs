//! The hot path: may this token pass from this address?
//!
//! Everything is found in memory ([`index`]); an accepted use is in the journal before the answer
//! ([`journal`]); only the first address of a key goes to the state store.

mod binding;
mod gather;
mod guesses;
pub mod index;
pub mod journal;
mod verifier;

pub use gather::Gatherer;
pub use index::{KeyEntry, KeyIndex};
pub use journal::{Counted, Figures, Flusher, Journal};
pub use verifier::{Question, Verdict, Verifier, VerifierParts};
