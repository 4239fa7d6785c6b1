use leptos::either::Either;
use leptos::prelude::*;

use super::{Time, WholeToken, type_name};
use crate::i18n::{fill, texts};
use crate::portal::{KeyRow, RevealedKey};
use crate::server_fns::key_path;

// The roles are said aloud because the narrow layout shows the cells as blocks,
// and browsers then forget that they are a table.

/// The table of keys.
#[component]
pub(crate) fn KeyTable(
    /// The rows, newest first.
    rows: Vec<KeyRow>,
    /// The key whose whole token is shown this once.
    fresh: Option<RevealedKey>,
) -> impl IntoView {
    let t = texts();
    let columns = [
        t.column_username,
        t.column_description,
        t.column_type,
        t.column_key,
        t.column_last_used,
        t.column_times_used,
        t.column_locked_on_ip,
        t.column_actions,
    ];
    let rows = rows.into_iter().map(move |row| {
        let fresh = fresh.clone().filter(|fresh| fresh.id == row.id);
        view! { <KeyTableRow row fresh/> }
    });
    view! {
        <table class="keys" role="table" aria-label=t.keys_heading>
            <thead role="rowgroup">
                <tr role="row">
                    {columns.map(|name| view! { <th scope="col" role="columnheader">{name}</th> })}
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn KeyTableRow(
    /// The key.
    row: KeyRow,
    /// Its whole token, if it is shown.
    fresh: Option<RevealedKey>,
) -> impl IntoView {
    let t = texts();
    let path = key_path(&row.id);
    let delete = format!("{path}/delete");
    let delete_label = fill(t.delete_named, &[("description", &row.description)]);
    let class = fresh.is_some().then_some("fresh");
    let token = match fresh {
        Some(fresh) => Either::Left(view! { <WholeToken token=fresh.token/> }),
        None => Either::Right(view! { <code class="token" translate="no">{row.masked_token}</code> }),
    };
    view! {
        <tr role="row" class=class>
            <td role="cell" data-label=t.column_username class="name-cell">{row.username}</td>
            <td role="cell" data-label=t.column_description class="name-cell"><a href=path>{row.description}</a></td>
            <td role="cell" data-label=t.column_type class="type-cell">{type_name(t, row.key_type)}</td>
            <td role="cell" data-label=t.column_key class="key-cell">{token}</td>
            <td role="cell" data-label=t.column_last_used class="time-cell"><Time moment=row.last_used/></td>
            <td role="cell" data-label=t.column_times_used class="number-cell">{row.times_used}</td>
            <td role="cell" data-label=t.column_locked_on_ip class="address-cell">{row.locked_ip}</td>
            <td role="cell" data-label=t.column_actions>
                <a class="danger-link" href=delete aria-label=delete_label>{t.delete}</a>
            </td>
        </tr>
    }
}
