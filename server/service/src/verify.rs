//! The hot path: may this token pass from this address?
//!
//! Everything is found in memory ([`index`]). An accepted use is committed to the journal before the answer
//! ([`journal`]). Only the first address of a key goes to the store of the state.

mod binding;
mod guesses;
pub mod index;
pub mod journal;
mod notice_buffer;
mod verifier;

pub use index::{KeyEntry, KeyIndex, Survey, Surveyed, Wanted};
pub use journal::{Counted, Figures, Flusher, Journal};
pub use notice_buffer::NoticeBuffer;
pub use verifier::{Verdict, VerificationRequest, Verifier, VerifierParts};
