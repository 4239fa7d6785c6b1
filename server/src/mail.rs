//! Mail to users: what is written to them, and how it is handed over.
//!
//! Letters wait in the database, put there in the transaction of what they tell of. One task hands them to the
//! mail server, one at a time, and removes each as soon as the server has taken it: a crash repeats at most
//! the one in flight, under the same Message-ID.

mod compose;
mod connection;
mod draft;
mod greeting;
mod mailer;
mod message;
mod notice;
mod transport;

pub use mailer::{MailFigures, Mailer, MailerParts};
