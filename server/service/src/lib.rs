//! Use cases, and the answer whether a key may pass: what pages, programs, gateways and operators ask for, without a
//! word of how they ask. No HTTP, no SQL, no pages.

pub mod accounts;
pub mod events;
pub mod keys;
pub mod mail;
pub mod notices;
pub mod priority;
pub mod verify;
pub mod webhooks;
