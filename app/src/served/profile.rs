//! `/account/profile`: what belongs to the user itself.

mod history;

pub(super) use history::history_page;

use leptos::prelude::*;

use super::texts::{ProfileTexts, Served};
use crate::components::PageHeading;
use crate::part::{IntoPart, Part};

/// The profile.
pub(super) fn profile_page() -> Part {
    let t = ProfileTexts::here();
    view! {
        <PageHeading text=t.heading/>
        <p><a href="/account/profile/history">{t.history_link}</a></p>
    }
    .part()
}
