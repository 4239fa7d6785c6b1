//! `/account/api-keys/{id}/usage`: from where a key is used, and why it is refused.

use leptos::prelude::*;

use super::chart::chart;
use super::dashboard::ranges;
use super::history::history_of;
use super::part::{asked, id_of_address, page_of_address};
use super::reading::Reading;
use super::texts::{Served, UsageTexts};
use crate::components::{PageHeading, Table, Time, pager};
use crate::i18n::{fill, group_digits, language};
use crate::part::{IntoPart, Part};
use crate::portal::{AddressRow, KeyId, KeyUsage, RefusedRow};
use crate::server_fns::{find_range, find_usage, key_path};
use domain::range::Range;
use domain::time_zone::TimeZone;
use leptos_router::hooks::use_query_map;
use service::keys::RangeFigures;

/// How the key with that id is used.
pub(crate) fn usage_page() -> Part {
    let (id, page) = (KeyId(id_of_address()), page_of_address());
    let range = use_query_map().with_untracked(|query| query.get("range")).unwrap_or_default();
    let found = async move {
        let figures = find_range(&id, Range::find(&range)).await?;
        Ok((find_usage(id, page).await?, figures))
    };
    asked(found, |(usage, (figures, zone))| show(usage, &figures, &zone))
}

/// Uses and refusals over a range, for a key that has any.
fn requests(usage: &KeyUsage, figures: &RangeFigures, zone: &TimeZone) -> Option<Part> {
    let has_any = figures.pieces.iter().any(|piece| piece.accepted + piece.refused > 0);
    if !has_any && usage.row.times_used == 0 {
        return None;
    }
    let reading = Reading::new(language(), zone, figures.now);
    let path = key_path(&usage.row.id) + "/usage";
    Some(
        view! {
            <section class="panel" aria-labelledby="requests">
                <div class="panel-head">
                    <h2 id="requests">{reading.t.requests}</h2>
                    {ranges(&reading, &path, figures.range)}
                </div>
                {chart(&reading, figures)}
            </section>
        }
        .part(),
    )
}

fn show(usage: KeyUsage, figures: &RangeFigures, zone: &TimeZone) -> Part {
    let t = UsageTexts::here();
    let requests = requests(&usage, figures, zone);
    let key = key_path(&usage.row.id);
    let heading = fill(t.heading, &[("description", &usage.row.description)]);
    view! {
        <p class="way-up"><a href=key.clone()>{usage.row.description.clone()}</a></p>
        <PageHeading text=heading/>
        {requests}
        <section aria-labelledby="addresses" class="below">
            <h2 id="addresses">{t.addresses}</h2>
            <p class="record-line">{t.addresses_text}</p>
            {addresses(t, usage.addresses)}
            {(usage.pages > 1).then(|| pager(usage.page, usage.pages, &format!("{key}/usage")))}
        </section>
        <section aria-labelledby="refusals" class="below">
            <h2 id="refusals">{t.refusals}</h2>
            <p class="record-line">{t.refusals_text}</p>
            {refusals(t, usage.refused)}
        </section>
        <p class="below"><a href=history_of(&usage.row.id.0)>{t.history}</a></p>
    }
    .part()
}

fn addresses(t: &'static UsageTexts, rows: Vec<AddressRow>) -> Part {
    if rows.is_empty() {
        return view! { <p>{t.addresses_empty}</p> }.part();
    }
    let columns = vec![
        (t.column_address, Some("address-cell")),
        (t.column_count, None),
        (t.column_first, None),
        (t.column_last, None),
    ];
    let language = language();
    let rows = rows.into_iter().map(|row| {
        let cells = vec![
            row.address.part(),
            group_digits(language, row.count).part(),
            view! { <Time moment=Some(row.first)/> }.part(),
            view! { <Time moment=Some(row.last)/> }.part(),
        ];
        (None, cells)
    });
    view! { <Table label=t.addresses columns rows=rows.collect()/> }.part()
}

fn refusals(t: &'static UsageTexts, rows: Vec<RefusedRow>) -> Part {
    if rows.is_empty() {
        return view! { <p>{t.refusals_empty}</p> }.part();
    }
    let language = language();
    let columns = vec![
        (t.column_cause, None),
        (t.column_today, None),
        (t.column_days_7, None),
        (t.column_days_30, None),
    ];
    let rows = rows.into_iter().map(|row| {
        let cause = view! { {cause_text(t, &row.code)} " " <code>{row.code.clone()}</code> }.part();
        let counts = [row.counts.today, row.counts.days_7, row.counts.days_30];
        let counts = counts.map(|count| group_digits(language, count).part());
        (None, std::iter::once(cause).chain(counts).collect())
    });
    view! { <Table label=t.refusals columns rows=rows.collect()/> }.part()
}

fn cause_text(t: &'static UsageTexts, code: &str) -> &'static str {
    match code {
        "IP_NOT_ALLOWED" => t.cause_ip_not_allowed,
        "OWNER_DISABLED" => t.cause_owner_disabled,
        "DISABLED" => t.cause_disabled,
        "EXPIRED" => t.cause_expired,
        "ROTATED" => t.cause_rotated,
        _ => t.cause_other,
    }
}
