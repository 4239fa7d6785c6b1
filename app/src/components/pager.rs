use leptos::prelude::*;

use crate::i18n::texts;
use crate::part::{IntoPart, Part};

/// The ways to the pages before and after this one; its number is 0 when there is nothing.
pub(crate) fn pager(page: u32, pages: u32, path: &str) -> Part {
    pager_to(page, pages, |page| format!("{path}?page={page}"))
}

/// The same with an address that is made for each page.
pub(crate) fn pager_to(page: u32, pages: u32, address: impl Fn(u32) -> String) -> Part {
    let t = texts();
    let previous = (page > 1).then(|| address(page - 1));
    let next = (page > 0 && page < pages).then(|| address(page + 1));
    view! {
        <nav class="pager" aria-label=t.pages_label>
            {pager_step(previous, t.previous, "prev")}
            <span class="pager-bar" aria-hidden="true">"|"</span>
            {pager_step(next, t.next, "next")}
        </nav>
    }
    .part()
}

fn pager_step(to: Option<String>, label: &'static str, rel: &'static str) -> Part {
    match to {
        Some(address) => view! { <a href=address rel=rel>{label}</a> }.part(),
        None => view! { <span class="off" aria-disabled="true">{label}</span> }.part(),
    }
}
