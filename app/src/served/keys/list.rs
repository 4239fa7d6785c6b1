use domain::key_list::{KeyListQuery, MOST_FOUND, PageSize, Total, pairs_of};
use domain::time_zone::TimeZone;
use leptos::prelude::*;
use service::keys::KeyList;

use super::super::texts::{KeyTexts, Served};
use super::{CONFIRM, EXPORT, LIST, filters, rows, with_query};
use crate::components::pager_to;
use crate::i18n::{Plural, fill, group_digits, language, plural, texts};
use crate::part::{IntoPart, Part};
use crate::portal::KeyId;

/// One page of the list, and who reads it.
#[derive(Clone, Copy)]
pub(crate) struct ListShown<'a> {
    /// The page.
    pub(crate) list: &'a KeyList,
    /// What it was asked for by.
    pub(crate) query: &'a KeyListQuery,
    /// The name of the owner, if they read it.
    pub(crate) owner: Option<&'a str>,
    /// The key that was just generated.
    pub(crate) fresh: Option<&'a KeyId>,
    /// In which the reader reads times.
    pub(crate) zone: &'a TimeZone,
    /// Whether the reader may change keys.
    pub(crate) may_manage: bool,
}

impl ListShown<'_> {
    /// What the list says of its pages and records.
    pub(crate) fn record_line(&self) -> String {
        let (t, language) = (KeyTexts::here(), language());
        let (shown, skipped) = (self.list.keys.len(), self.list.skipped);
        let forms = Plural { one: t.records_one, few: t.records_few, many: t.records_many };
        let (first, last) = if shown == 0 { (0, 0) } else { (skipped + 1, skipped + shown) };
        let total = match self.list.total {
            Total::Exact(total) => total.to_string(),
            Total::More => fill(t.total_more, &[("count", &group_digits(language, MOST_FOUND as u64))]),
        };
        fill(
            t.record_line,
            &[
                ("page", &self.list.page),
                ("pages", &self.list.pages),
                ("records", &plural(language, shown as u64, forms)),
                ("total", &total),
                ("first", &first),
                ("last", &last),
            ],
        )
    }

    /// Filters, table and pager, and what was done if the address says so.
    pub(crate) fn html(&self, address: &str) -> String {
        let said = done(address);
        let is_open = self.query.filter.is_open();
        let body = match self.list.keys.is_empty() {
            true if is_open => empty(self.may_manage),
            true => view! { {filters::form(self)} {no_match()} }.part(),
            false => view! { {filters::form(self)} {self.table()} {self.foot()} }.part(),
        };
        view! { {said} {body} }.to_html()
    }

    /// The table, in a form that leads to the question about the selected keys.
    fn table(&self) -> Part {
        if !self.may_manage {
            return rows::table(self);
        }
        let (t, all) = (KeyTexts::here(), texts());
        view! {
            <form class="keys-form" method="get" action=CONFIRM>
                <input type="hidden" name="back" value=self.query.to_query()/>
                {rows::table(self)}
                <div class="bulk" role="group" aria-label=t.selected_label>
                    <span>{t.selected}</span>
                    <button class="button small quiet" name="act" value="pause">{all.pause}</button>
                    <button class="button small quiet" name="act" value="delete">{all.delete}</button>
                </div>
            </form>
        }
        .part()
    }

    fn foot(&self) -> Part {
        let to = |page| {
            let query = KeyListQuery { page, ..self.query.clone() };
            with_query(LIST, &query.to_query())
        };
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let pager = pager_to(number(self.list.page), number(self.list.pages), to);
        let whole = KeyListQuery { page: 0, size: PageSize::default(), ..self.query.clone() };
        let export = with_query(EXPORT, &whole.to_query());
        view! {
            <div class="list-foot">
                {pager}
                <a href=export rel="external" download="">{KeyTexts::here().export}</a>
            </div>
        }
        .part()
    }
}

fn empty(may_manage: bool) -> Part {
    let t = KeyTexts::here();
    let text = if may_manage { t.empty_text } else { t.empty_reader };
    view! {
        <section class="empty" aria-labelledby="no-keys">
            <h2 id="no-keys">{t.empty_heading}</h2>
            <p>{text}</p>
        </section>
    }
    .part()
}

fn no_match() -> Part {
    let t = KeyTexts::here();
    view! {
        <section class="empty" aria-labelledby="no-match">
            <h2 id="no-match">{t.no_match_heading}</h2>
            <p>{t.no_match_text}</p>
            <p><a href=LIST>{t.clear}</a></p>
        </section>
    }
    .part()
}

/// What was done to several keys, if the query says so: `done=deleted-3`, or `deleted-2-1` where one was left.
fn done(query: &str) -> Option<Part> {
    let (t, language) = (KeyTexts::here(), language());
    let pairs = pairs_of(query);
    let (_, done) = pairs.iter().find(|(name, _)| name == "done")?;
    let mut parts = done.split('-');
    let act = parts.next()?;
    let count = parts.next()?.parse().ok().filter(|count| (1..=100).contains(count))?;
    let left: u64 = parts.next().map_or(Some(0), |left| left.parse().ok().filter(|left| *left <= 100))?;
    let forms = match act {
        "deleted" => Plural { one: t.deleted_one, few: t.deleted_few, many: t.deleted_many },
        "paused" => Plural { one: t.paused_one, few: t.paused_few, many: t.paused_many },
        _ => return None,
    };
    let said = plural(language, count, forms);
    let forms = Plural { one: t.left_one, few: t.left_few, many: t.left_many };
    let left = (left > 0)
        .then(|| view! { <p class="form-problem" role="alert">{plural(language, left, forms)}</p> });
    Some(view! { <p class="notice" role="status">{said}</p> {left} }.part())
}
