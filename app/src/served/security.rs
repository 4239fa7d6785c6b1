//! The password and the second factor: panels of the profile, and the pages between a password and the rest.

mod login_steps;
mod password;
mod two_factor;

pub(crate) use login_steps::{code_page, renewal_page};
pub use two_factor::{CODES_FILE, codes_file};

use leptos::prelude::*;

use super::part::asked;
use super::texts::{SecurityTexts, Served};
use crate::part::{IntoPart, Part};
use crate::server_fns::security;

/// The panels of the profile that are about password and second factor.
pub(super) fn security_panels() -> Part {
    asked(security(), |found| {
        let password = password::password_panel(found.password_ends.clone());
        view! {
            {two_factor::codes_panel(&found)}
            {password}
            {two_factor::two_factor_panel(&found)}
        }
        .part()
    })
}

/// The sentence that confirms what a form of these panels did.
pub(super) fn security_done(done: &str) -> Option<&'static str> {
    let t = SecurityTexts::here();
    Some(match done {
        "password" => t.done_password,
        "two_factor_on" => t.done_two_factor_on,
        "two_factor_off" => t.done_two_factor_off,
        "two_factor_cancelled" => t.done_two_factor_cancelled,
        "recovery_codes" => t.done_recovery_codes,
        _ => return None,
    })
}
