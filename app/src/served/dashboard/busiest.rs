//! The busiest keys, each with its rhythm.

use super::super::chart::spark;
use super::super::reading::Reading;
use super::KEYS;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::KeyId;
use crate::server_fns::key_path;
use domain::range::Range;
use leptos::prelude::*;
use service::keys::{BusyKey, KeysOverview};

pub(super) fn busiest(reading: &Reading<'_>, keys: &KeysOverview) -> Part {
    let t = reading.t;
    let body =
        if keys.busiest.is_empty() { view! { <p>{t.no_key_used}</p> }.part() } else { table(reading, keys) };
    view! {
        <section class="panel" aria-labelledby="busiest">
            <div class="panel-head">
                <h2 id="busiest">{t.busiest_keys}</h2>
                <a href=KEYS>{t.see_all_keys}</a>
            </div>
            {body}
        </section>
    }
    .part()
}

// The roles are said aloud because the narrow layout shows the cells as blocks, and browsers then forget that they are a
// table.
fn table(reading: &Reading<'_>, keys: &KeysOverview) -> Part {
    let t = reading.t;
    let heads = [t.column_description, t.column_type, t.column_rhythm, t.column_last_used, t.column_uses];
    let heads = heads.map(|name| view! { <th scope="col" role="columnheader">{name}</th> });
    let rows = keys.busiest.iter().map(|key| row(reading, key, keys.figures.range)).collect_view();
    view! {
        <table class="busiest" role="table" aria-labelledby="busiest">
            <thead role="rowgroup"><tr role="row">{heads.collect_view()}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .part()
}

fn row(reading: &Reading<'_>, busy: &BusyKey, range: Range) -> Part {
    let (t, row) = (reading.t, &busy.key.row);
    let label = fill(t.spark_label, &[("key", &row.description), ("range", &reading.range(range))]);
    let uses = busy.uses.iter().sum();
    view! {
        <tr role="row">
            <td role="cell"><a href=key_path(&KeyId(row.id.to_string()))>{row.description.clone()}</a></td>
            <td role="cell">{reading.key_type(row.key_type)}</td>
            <td role="cell">{spark(label, &busy.uses)}</td>
            <td role="cell">{busy.key.last_used.map(|at| reading.ago(at))}</td>
            <td role="cell" class="count">{reading.digits(uses)}</td>
        </tr>
    }
    .part()
}
