//! What the customer sees. Compiled twice: to WASM (`hydrate`) and into the server (`ssr`).
#![recursion_limit = "256"]

mod app;
mod components;
mod echo;
mod i18n;
mod json;
mod pages;
mod part;
pub mod portal;
mod problem_text;
mod question;
mod server_fns;
mod session;
#[cfg(feature = "ssr")]
mod shell;
mod title;
mod transport;

pub use app::App;
pub use echo::FormEcho;
pub use i18n::{Language, Texts};
pub use portal::*;
pub use server_fns::*;
#[cfg(feature = "ssr")]
pub use shell::{SiteFiles, shell};
