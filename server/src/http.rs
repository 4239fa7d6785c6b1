//! HTTP: what gateways ask, what browsers see. Nothing is decided here.

mod access;
mod actions;
mod admin;
mod answers;
mod api;
mod assets;
mod client;
mod cookies;
mod entrance;
mod forms;
mod gateway;
mod guard;
mod held;
mod load;
mod oauth;
mod one_click;
mod pages;
mod problem;
mod router;
pub mod serve;
mod shown_key;
mod site;
mod statuses;

pub use admin::admin;
pub use client::{ConnectionInfo, Door};
/// Public because it is fuzzed.
pub use cookies::find as find_cookie;
pub use entrance::Entrance;
pub use router::site;
