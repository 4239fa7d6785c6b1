//! `/account/applications`: the applications that were let in; `/account/applications/approve`: where the code of one is
//! entered and decided about.

mod ask;
mod enter;

use leptos::prelude::*;

use super::part::{asked, page_of_address};
use super::texts::{ApplicationTexts, Served};
use crate::components::{PageHeading, Table, Time, pager};
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::{ApplicationRow, ApplicationsPage, ApprovalPage, DecidedApplication};
use crate::server_fns::{find_application, list_applications};

const APPLICATIONS: &str = "/account/applications";
/// Where codes are entered; the forms post there, with `?do=` behind it.
const APPROVE: &str = "/account/applications/approve";

/// The applications that were let in, page by page.
pub(crate) fn applications_page() -> Part {
    asked(list_applications(page_of_address()), show)
}

fn show(page: ApplicationsPage) -> Part {
    let t = ApplicationTexts::here();
    let pager = (page.pages > 1).then(|| pager(page.page, page.pages, APPLICATIONS));
    let enter = page
        .may_manage
        .then(|| view! { <p class="below"><a class="button" href=APPROVE>{t.enter_code}</a></p> });
    view! {
        <PageHeading/>
        <p class="record-line">{t.text}</p>
        {table(page.rows)}
        {pager}
        {enter}
    }
    .part()
}

fn table(rows: Vec<ApplicationRow>) -> Part {
    let t = ApplicationTexts::here();
    if rows.is_empty() {
        return view! { <p class="empty">{t.empty}</p> }.part();
    }
    let columns = vec![
        (t.column_application, Some("name-cell")),
        (t.column_key, None),
        (t.column_username, Some("name-cell")),
        (t.column_approved_by, Some("name-cell")),
        (t.column_approved, Some("time-cell")),
        (t.column_from, None),
        (t.column_fetched, Some("time-cell")),
    ];
    let rows = rows.into_iter().map(|row| (None, cells(row))).collect::<Vec<_>>();
    view! { <Table label=t.heading columns rows/> }.part()
}

fn cells(row: ApplicationRow) -> Vec<Part> {
    let t = ApplicationTexts::here();
    let key = format!("/account/api-keys/{}", row.key.0);
    let fetched = match row.fetched {
        Some(at) => view! { <Time moment=Some(at)/> }.part(),
        None => t.not_fetched.part(),
    };
    vec![
        row.name.part(),
        view! { <a href=key><code class="token" translate="no">{row.masked_token}</code></a> }.part(),
        row.username.part(),
        row.approved_by.part(),
        view! { <Time moment=Some(row.approved)/> }.part(),
        view! { <span class="address">{row.asked_from.unwrap_or_else(|| t.from_unknown.to_owned())}</span> }
            .part(),
        fetched,
    ]
}

/// Where the code of an application is entered, who asks, and what was decided.
pub(crate) fn approve_page() -> Part {
    let page = asked(find_application(), |page| match page {
        ApprovalPage::Enter { may_manage } => enter::enter(may_manage),
        ApprovalPage::Ask(asking) => ask::ask(*asking),
        ApprovalPage::Decided(decided) => show_decided(decided),
        ApprovalPage::Gone => gone(),
    });
    view! { <div class="door wide">{page}</div> }.part()
}

fn show_decided(decided: DecidedApplication) -> Part {
    let t = ApplicationTexts::here();
    let (heading, text) = match decided.approved {
        true => (t.approved_heading, t.approved_text),
        false => (t.denied_heading, t.denied_text),
    };
    // As a link whose text is where it leads: the application chose it, and nobody checked it.
    let back = decided.return_url.filter(|_| decided.approved).map(|url| {
        view! {
            <p>
                {t.return_text}<br/>
                <a class="outside-link" href=url.clone() rel="external noreferrer">{url.clone()}</a>
            </p>
        }
    });
    view! {
        <PageHeading text=heading/>
        <p role="status">{fill(text, &[("name", &decided.name)])}</p>
        {back}
        <p><a href=APPLICATIONS>{t.to_list}</a></p>
    }
    .part()
}

fn gone() -> Part {
    let t = ApplicationTexts::here();
    view! {
        <PageHeading text=t.gone_heading/>
        <p>{t.gone_text}</p>
        <p><a class="button" href=APPROVE>{t.another_code}</a></p>
    }
    .part()
}
