//! The list of keys as HTML, and the pages that ask once more before something is done to one or several of them.

mod confirm;
mod delete;
mod details;
mod filters;
mod list;
mod rows;
mod sheet;

pub(crate) use confirm::confirm_page;
pub(crate) use delete::delete_page;
pub(crate) use details::{KeyShown, key_html, ways_html};
pub(super) use filters::user_choice;
pub(crate) use list::ListShown;
pub use sheet::{sheet_head, sheet_row};

/// Where the list is.
const LIST: &str = "/account/api-keys";
/// Where an act on several keys is confirmed.
pub(crate) const CONFIRM: &str = "/account/api-keys/selected/confirm";
/// Where the keys of the list come as a file.
pub const EXPORT: &str = "/account/api-keys/export";

/// The address of a path with a query, which may be empty.
pub(super) fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
