//! Pages that the server alone knows: the door, and what an account needs now and then. They are plain pages with plain
//! forms, and cost the program in the browser nothing (docs/decisions.md). A link to one needs `rel="external"`.

mod door;
mod notices;
mod part;
mod profile;
mod proof;
mod security;
mod sub_users;
pub mod texts;
mod unsubscribe;
mod usage;
mod webhooks;

pub use profile::action_text;
pub(crate) use webhooks::webhook_problem;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::NotFoundView;
use crate::part::{IntoPart, Part};

/// The page at a path that the browser's program does not know.
pub(crate) fn served_page() -> Part {
    let path = use_location().pathname.get_untracked();
    page(&path).unwrap_or_else(|| view! { <NotFoundView/> }.part())
}

/// Whether the server alone shows what is at this path.
pub(crate) fn is_served(path: &str) -> bool {
    let of_a_key = path.strip_prefix("/account/api-keys/").and_then(|rest| rest.split_once('/'));
    if of_a_key.is_some_and(|(_, page)| page == "usage") {
        return true;
    }
    PREFIXES
        .iter()
        .any(|prefix| path == *prefix || path.strip_prefix(prefix).is_some_and(|r| r.starts_with('/')))
}

/// Where these pages are.
const PREFIXES: [&str; 9] = [
    "/account/notifications",
    "/account/password",
    "/account/profile",
    "/account/sub-users",
    "/account/webhooks",
    "/invitation",
    "/login",
    "/setup",
    "/unsubscribe",
];

fn page(path: &str) -> Option<Part> {
    let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
    match steps[..] {
        ["account", "notifications"] => Some(notices::notices_page()),
        ["account", "notifications", "choices"] => Some(notices::choices_page()),
        ["login"] => Some(door::login_page()),
        ["setup"] => Some(door::setup_page()),
        ["login", "code"] => Some(security::code_page()),
        ["account", "password"] => Some(security::renewal_page()),
        ["account", "profile"] => Some(profile::profile_page()),
        ["account", "profile", "confirm"] => Some(profile::confirm_page()),
        ["account", "profile", "history"] => Some(profile::history_page()),
        ["unsubscribe"] => Some(unsubscribe::unsubscribe_page()),
        ["account", "api-keys", id, "usage"] => Some(usage::usage_page(id)),
        ["account", "webhooks"] => Some(webhooks::webhooks_page()),
        ["account", "webhooks", id] => Some(webhooks::webhook_page(id)),
        ["account", "webhooks", id, "remove"] => Some(webhooks::remove_page(id)),
        ["account", "sub-users"] => Some(sub_users::sub_users_page()),
        ["invitation"] => Some(sub_users::invitation_page()),
        _ => None,
    }
}
