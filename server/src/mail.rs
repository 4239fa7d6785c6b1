//! Mail to users: what is written to them, and how it is handed over.

mod letter;

pub use letter::Letter;
