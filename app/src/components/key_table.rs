use leptos::prelude::*;

use super::{Row, Table, Time, type_name, whole_token};
use crate::i18n::{Texts, fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyRow, KeyState, RevealedKey};
use crate::server_fns::key_path;

/// What stands beside the name of a key that does not pass.
pub(crate) fn state_badge(t: &Texts, state: KeyState) -> Option<impl IntoView + use<>> {
    let text = match state {
        KeyState::Active => return None,
        KeyState::Paused => t.paused,
        KeyState::Expired => t.expired,
    };
    Some(view! { " " <span class="badge off">{text}</span> })
}

/// What stands beside the name of a key that manages keys.
pub(crate) fn manages_badge(t: &Texts, manages_keys: bool) -> Option<impl IntoView + use<>> {
    let text = t.manages_keys_badge;
    manages_keys.then(|| view! { " " <span class="badge">{text}</span> })
}

/// The table of keys.
pub(crate) fn key_table(rows: Vec<KeyRow>, fresh: Option<RevealedKey>, may_manage: bool) -> Part {
    let t = texts();
    let mut columns = vec![
        (t.column_username, Some("name-cell")),
        (t.column_description, Some("name-cell")),
        (t.column_type, Some("type-cell")),
        (t.column_key, Some("key-cell")),
        (t.column_last_used, Some("time-cell")),
        (t.column_times_used, Some("number-cell")),
        (t.column_locked_on_ip, Some("address-cell")),
    ];
    // A cell without a column is not shown.
    if may_manage {
        columns.push((t.column_actions, None));
    }
    let rows = rows.into_iter().map(move |row| {
        let fresh = fresh.clone().filter(|fresh| fresh.id == row.id);
        key_row(row, fresh)
    });
    view! { <Table label=t.keys_heading columns rows=rows.collect()/> }.part()
}

fn key_row(row: KeyRow, fresh: Option<RevealedKey>) -> Row {
    let t = texts();
    let path = key_path(&row.id);
    let delete = format!("{path}/delete");
    let delete_label = fill(t.delete_named, &[("description", &row.description)]);
    let class = fresh.is_some().then_some("fresh");
    let token = match fresh {
        Some(fresh) => whole_token(fresh.token),
        None => view! { <code class="token" translate="no">{row.masked_token}</code> }.part(),
    };
    let cells = vec![
        row.username.part(),
        view! { <a href=path>{row.description}</a> {state_badge(t, row.state)} {manages_badge(t, row.manages_keys)} }.part(),
        type_name(t, row.key_type).part(),
        token,
        view! { <Time moment=row.last_used/> }.part(),
        row.times_used.to_string().part(),
        row.locked_ip.part(),
        view! { <a class="danger-link" href=delete aria-label=delete_label>{t.delete}</a> }.part(),
    ];
    (class, cells)
}
