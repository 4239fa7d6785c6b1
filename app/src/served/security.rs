//! The password and the second factor: panels of the profile, and the pages between a login and the rest.

mod password;

use super::texts::{SecurityTexts, Served};
use crate::part::Part;

/// The panels of the profile that are about password and second factor.
pub(super) fn security_panels() -> Part {
    password::password_panel()
}

/// The sentence that confirms what a form of these panels did.
pub(super) fn security_done(done: &str) -> Option<&'static str> {
    let t = SecurityTexts::here();
    Some(match done {
        "password" => t.done_password,
        _ => return None,
    })
}
