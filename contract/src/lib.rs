//! The types that browser, programs and server exchange, for serde; compiled to WASM too. Each is defined here and nowhere
//! else.

#[macro_use]
mod named;

mod cause;
mod code;
mod key_state;
mod key_type;
mod language;
mod lock_width;
mod refusal;
mod role;
mod whose;

pub use cause::{AddressState, Cause};
pub use code::Code;
pub use key_state::KeyState;
pub use key_type::KeyType;
pub use language::Language;
pub use lock_width::LockWidth;
pub use refusal::{Field, FieldError, Problem, Refusal, WebhookProblem};
pub use role::Role;
pub use whose::Whose;
