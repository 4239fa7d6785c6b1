//! Applications that ask a customer for a key (RFC 8628): their codes, what they may say of themselves, how often they may
//! ask whether they were let in, and how often their codes may be guessed.

mod asked;
mod codes;
mod guesses;
mod poll;

pub use asked::{ClientName, ClientNameError, WebLink, WebLinkError};
pub use codes::{DeviceCode, DeviceCodeHash, UserCode, UserCodeHash};
pub use guesses::{GuessCounts, GuessLimits, WINDOW_SECONDS};
pub use poll::{Poll, PollFacts, RequestState};

/// Seconds for which the codes of a request count.
pub const LIFETIME_SECONDS: i64 = 600;
/// Seconds that are left at least to fetch a key after the approval.
pub const FETCH_SECONDS: i64 = 60;
/// Seconds between two questions of an application, at the beginning.
pub const INTERVAL_SECONDS: u32 = 5;
