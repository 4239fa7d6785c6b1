use leptos::prelude::*;

use crate::part::{IntoPart, Part};
use crate::portal::Moment;
use crate::served::texts::{KeyTexts, Served};

/// A point in time, or `N/A`.
#[component]
pub(crate) fn Time(
    /// The point in time.
    moment: Option<Moment>,
) -> Part {
    match moment {
        Some(moment) => view! { <time datetime=moment.iso>{moment.text}</time> }.part(),
        None => KeyTexts::here().never.part(),
    }
}
