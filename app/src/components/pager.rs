use leptos::prelude::*;

use crate::i18n::texts;
use crate::part::{IntoPart, Part};

/// The ways to the pages before and after this one; its number is 0 when there is nothing.
pub(crate) fn pager(page: u32, pages: u32, path: &str) -> Part {
    let t = texts();
    let previous = (page > 1).then(|| page - 1);
    let next = (page > 0 && page < pages).then(|| page + 1);
    view! {
        <nav class="pager" aria-label=t.pages_label>
            {pager_step(path, previous, t.previous, "prev")}
            <span class="pager-bar" aria-hidden="true">"|"</span>
            {pager_step(path, next, t.next, "next")}
        </nav>
    }
    .part()
}

fn pager_step(path: &str, to: Option<u32>, label: &'static str, rel: &'static str) -> Part {
    match to {
        Some(page) => view! { <a href=format!("{path}?page={page}") rel=rel>{label}</a> }.part(),
        None => view! { <span class="off" aria-disabled="true">{label}</span> }.part(),
    }
}
