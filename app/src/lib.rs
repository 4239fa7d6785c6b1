//! What the customer sees. Compiled twice: to WASM (`hydrate`) and into the server (`ssr`).
#![recursion_limit = "256"]

mod app;
mod components;
mod echo;
mod i18n;
mod pages;
pub mod portal;
mod problem_text;
mod server_fns;
mod session;
mod shell;

pub use app::App;
pub use echo::FormEcho;
pub use i18n::{Language, Texts};
pub use portal::*;
pub use server_fns::*;
pub use shell::{SiteFiles, shell};
