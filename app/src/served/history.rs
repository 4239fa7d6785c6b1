//! `/account/profile/history`: what happened in an account, with filters, page by page and as a file.

mod filters;
mod rows;
mod sheet;
mod words;

pub use sheet::{history_head, history_row};
pub use words::action_text;

use domain::history::HistoryQuery;
use domain::key_list::{MOST_FOUND, Total};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use service::accounts::Actor;

use super::keys::with_query;
use super::part::asked;
use super::texts::{HistoryTexts, Served};
use crate::components::{PageHeading, pager_to};
use crate::i18n::{Plural, fill, group_digits, language, plural};
use crate::part::{IntoPart, Part};
use crate::server_fns::{HistoryRead, find_history};

/// Where the history is.
const HISTORY: &str = "/account/profile/history";
/// Where its lines come as a file.
pub const EXPORT: &str = "/account/profile/history/export";

/// What happened in the account of the user, as far as the query of the address wants it.
pub(crate) fn history_page() -> Part {
    let query = HistoryQuery::parse(&use_location().search.get_untracked());
    let asking = query.clone();
    asked(async move { find_history(&asking).await }, move |read| show(&read, &query))
}

/// The address of the lines about a key.
pub(super) fn history_of(key: &str) -> String {
    address(&HistoryQuery { key: key.parse().ok(), ..HistoryQuery::default() })
}

/// The address of the history with a query.
fn address(query: &HistoryQuery) -> String {
    with_query(HISTORY, &query.to_query())
}

fn show(read: &HistoryRead, query: &HistoryQuery) -> Part {
    let t = HistoryTexts::here();
    let is_owner = read.request.actor.as_ref().is_some_and(Actor::is_owner);
    let text = if is_owner && !read.choices.sub_users.is_empty() { t.text_owner } else { t.text };
    let body = match read.history.lines.is_empty() {
        true if query.is_open() => view! { <p>{t.empty}</p> }.part(),
        true => view! { {filters::form(read, query)} {no_match()} }.part(),
        false => view! { {filters::form(read, query)} {rows::table(read)} {foot(read, query)} }.part(),
    };
    view! {
        <PageHeading/>
        <p>{text}</p>
        {body}
    }
    .part()
}

/// How many lines there are, the pager, and the way to the file.
fn foot(read: &HistoryRead, query: &HistoryQuery) -> Part {
    let (t, language) = (HistoryTexts::here(), language());
    let pager = pager_to(read.history.page, read.history.pages, |page| {
        address(&HistoryQuery { page, ..query.clone() })
    });
    let forms = Plural { one: t.lines_one, few: t.lines_few, many: t.lines_many };
    let count = match read.history.total {
        Total::Exact(count) => plural(language, count as u64, forms),
        Total::More => fill(t.lines_more, &[("count", &group_digits(language, MOST_FOUND as u64))]),
    };
    let export = with_query(EXPORT, &HistoryQuery { page: 0, ..query.clone() }.to_query());
    view! {
        <div class="list-foot">
            {pager}
            <span class="hint">{count}</span>
            <a href=export rel="external" download="">{t.export}</a>
        </div>
    }
    .part()
}

fn no_match() -> Part {
    let t = HistoryTexts::here();
    view! {
        <section class="empty" aria-labelledby="no-match">
            <h2 id="no-match">{t.no_match_heading}</h2>
            <p>{t.no_match_text}</p>
            <p><a href=HISTORY>{t.clear}</a></p>
        </section>
    }
    .part()
}
