//! Mail to users.
//!
//! Letters wait in the database; a letter is queued in the transaction of the change that it is about. One task on the
//! pages' runtime hands them to the mail server, one at a time, and removes each as soon as the server has accepted it. A
//! crash repeats at most the letter in flight, under the same Message-ID.

mod compose;
mod connection;
mod draft;
mod greeting;
mod mailer;
mod message;
mod notice;
mod page_links;
mod parts;
mod transport;

pub use mailer::{MailFigures, Mailer};
pub use parts::MailerParts;
