//! What the customer sees. Compiled twice: to WASM (`hydrate`) and into the server (`ssr`).
#![recursion_limit = "256"]

mod app;
mod components;
mod echo;
mod i18n;
#[cfg(feature = "ssr")]
mod page_request;
mod page_table;
mod pages;
mod part;
pub mod portal;
mod problem_text;
#[cfg(feature = "ssr")]
mod served;
mod server_call;
mod server_fns;
mod session;
#[cfg(feature = "ssr")]
mod shell;
mod title;
#[cfg(feature = "ssr")]
mod to_view;
mod transport;

pub use app::App;
pub use echo::FormEcho;
#[cfg(feature = "ssr")]
pub use echo::FormNumber;
pub use i18n::{Language, Plural, Texts, fill, plural, texts_in};
#[cfg(feature = "ssr")]
pub use page_request::{Cookie, Outcome, PageRequest};
#[cfg(feature = "ssr")]
pub use page_table::{Forms, PAGES, Page, SeenBy};
pub use portal::*;
#[cfg(feature = "ssr")]
pub use problem_text::{error_text, problem_text};
/// The management API as people read it, which the server makes of its document.
#[cfg(feature = "ssr")]
pub use served::{
    ApiGuide, GuideAnswer, GuideField, GuideGroup, GuideKind, GuideOperation, GuideRecord, romanian,
};
/// The texts of the pages that the server alone knows, and of what it mails.
#[cfg(feature = "ssr")]
pub use served::{
    CODES_FILE, HISTORY_EXPORT, KEYS_EXPORT, action_text, codes_file, history_head, history_row, sheet_head,
    sheet_row, texts,
};
pub use server_fns::*;
#[cfg(feature = "ssr")]
pub use shell::{SiteFiles, shell};
