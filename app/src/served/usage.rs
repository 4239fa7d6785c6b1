//! `/account/api-keys/{id}/usage`: from where a key is used, and why it is refused.

use leptos::prelude::*;

use super::part::{asked, id_of_address, page_of_address};
use super::texts::{Served, UsageTexts};
use crate::components::{PageHeading, Table, Time, pager};
use crate::i18n::{fill, group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{AddressRow, KeyId, KeyUsage, RefusedRow};
use crate::server_fns::{find_usage, key_path};

/// How the key with that id is used.
pub(crate) fn usage_page() -> Part {
    asked(find_usage(KeyId(id_of_address()), page_of_address()), show)
}

fn show(usage: KeyUsage) -> Part {
    let t = UsageTexts::here();
    let key = key_path(&usage.row.id);
    let heading = fill(t.heading, &[("description", &usage.row.description)]);
    view! {
        <p class="way-up"><a href=key.clone()>{usage.row.description.clone()}</a></p>
        <PageHeading text=heading/>
        <section aria-labelledby="addresses">
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
    let (all, language) = (texts(), language());
    let columns = vec![(t.column_cause, None), (all.today, None), (all.days_7, None), (all.days_30, None)];
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
