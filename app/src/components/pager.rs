use leptos::prelude::*;

use crate::i18n::texts;
use crate::part::{IntoPart, Part};

/// The ways to the pages before and after.
#[component]
pub(crate) fn Pager(
    /// The page that is shown, 0 when there is nothing.
    page: u32,
    /// How many there are.
    pages: u32,
    /// Where they are.
    #[prop(into, default = "/account/api-keys".into())]
    path: String,
) -> impl IntoView {
    let t = texts();
    let previous = (page > 1).then(|| page - 1);
    let next = (page > 0 && page < pages).then(|| page + 1);
    view! {
        <nav class="pager" aria-label=t.pages_label>
            <PagerStep path=path.clone() to=previous label=t.previous rel="prev"/>
            <span class="pager-bar" aria-hidden="true">"|"</span>
            <PagerStep path to=next label=t.next rel="next"/>
        </nav>
    }
}

#[component]
fn PagerStep(
    /// Where the pages are.
    path: String,
    /// The page it leads to, if there is one.
    to: Option<u32>,
    /// What it says.
    label: &'static str,
    /// What that page is to this one.
    rel: &'static str,
) -> Part {
    match to {
        Some(page) => view! { <a href=format!("{path}?page={page}") rel=rel>{label}</a> }.part(),
        None => view! { <span class="off" aria-disabled="true">{label}</span> }.part(),
    }
}
