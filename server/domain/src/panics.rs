//! What a panic says, as one line of the log.

use std::any::Any;

/// Returns the text of a panic's payload, or "a panic" if it has none.
#[must_use]
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(text.unwrap_or("a panic"))
}

/// Returns a text without breaks.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}
