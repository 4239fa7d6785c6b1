use domain::expiry;
use domain::key_list::{Column, KeyListQuery, Order, query_of};
use leptos::prelude::*;
use service::keys::ListedKey;

use super::super::texts::{KeyTexts, Served};
use super::details::{manages_badge, state_badge};
use super::filters::{column_text, order_text};
use super::{LIST, ListShown, with_query};
use crate::components::{Time, type_name};
use crate::i18n::{Plural, fill, group_digits, language, plural, texts};
use crate::part::{IntoPart, Part};
use crate::portal::KeyRow;
use crate::server_fns::key_path;
use crate::to_view::key_row;

/// From how many days before its end on a row says when a key ends: as its user is told.
const DAYS_BEFORE: i64 = 7;

/// The columns, with the class of their cells.
const COLUMNS: [(Column, &str); 7] = [
    (Column::Username, "user-cell"),
    (Column::Description, "name-cell"),
    (Column::Type, "type-cell"),
    (Column::Key, "key-cell"),
    (Column::LastUsed, "time-cell"),
    (Column::TimesUsed, "number-cell"),
    (Column::LockedOnIp, "address-cell"),
];

// The roles are said aloud because the narrow layouts show the cells as blocks, and browsers then forget that they are a
// table.

/// The table of one page.
pub(super) fn table(shown: &ListShown<'_>) -> Part {
    let (t, all) = (KeyTexts::here(), texts());
    let pick = shown.may_manage.then(|| {
        view! {
            <th scope="col" role="columnheader" class="pick-cell">
                <label class="pick">
                    <input type="checkbox" name="all" value="1" autocomplete="off"/>
                    <span class="visually-hidden">{t.select_all}</span>
                </label>
            </th>
        }
    });
    let columns = COLUMNS.into_iter().filter(|(column, _)| shows(shown, *column));
    let heads = columns.map(|(column, class)| head(shown, column, class));
    let actions = shown
        .may_manage
        .then(|| view! { <th scope="col" role="columnheader" class="act-cell">{all.column_actions}</th> });
    let label = format!("{}, {}", all.keys_heading, order_text(shown.query.order));
    view! {
        <table class="list" role="table" aria-label=label>
            <thead role="rowgroup">
                <tr role="row">{pick} {heads.collect_view()} {actions}</tr>
            </thead>
            <tbody role="rowgroup">
                {shown.list.keys.iter().map(|key| row(shown, key)).collect_view()}
            </tbody>
        </table>
    }
    .part()
}

fn shows(shown: &ListShown<'_>, column: Column) -> bool {
    column != Column::Username || shown.list.has_sub_users
}

/// The head of a column: a link that orders the list by it, or the other way round.
fn head(shown: &ListShown<'_>, column: Column, class: &'static str) -> Part {
    let Order { column: by, descending } = shown.query.order;
    let sorted = (by == column).then_some(if descending { "descending" } else { "ascending" });
    let order = shown.query.order.toggled(column);
    let to = KeyListQuery { order, page: 0, ..shown.query.clone() };
    view! {
        <th scope="col" role="columnheader" class=class aria-sort=sorted>
            <a class="sort" href=with_query(LIST, &to.to_query())>{column_text(column)}</a>
        </th>
    }
    .part()
}

fn row(shown: &ListShown<'_>, key: &ListedKey) -> Part {
    let (t, all) = (KeyTexts::here(), texts());
    let row = key_row(key, shown.zone);
    let is_fresh = shown.fresh == Some(&row.id);
    let path = key_path(&row.id);
    let pick = shown.may_manage.then(|| {
        let label = fill(t.select_named, &[("description", &row.description)]);
        view! {
            <td role="cell" class="pick-cell">
                <label class="pick">
                    <input type="checkbox" name="id" value=row.id.0.clone() autocomplete="off"/>
                    <span class="visually-hidden">{label}</span>
                </label>
            </td>
        }
    });
    let user = shows(shown, Column::Username)
        .then(|| view! { <td role="cell" class="user-cell">{row.username.clone()}</td> });
    // Where a narrow layout leaves the heads out, these would not say what they are.
    let never_used = row.last_used.is_none().then_some(t.column_last_used);
    let delete = shown.may_manage.then(|| delete_cell(shown, &row, &path));
    view! {
        <tr role="row" class=is_fresh.then_some("fresh")>
            {pick}
            {user}
            <td role="cell" class="name-cell"><a href=path>{row.description.clone()}</a> {badges(shown, key)}</td>
            <td role="cell" class="type-cell">{type_name(all, row.key_type)}</td>
            <td role="cell" class="key-cell"><code class="token" translate="no">{row.masked_token}</code></td>
            <td role="cell" class="time-cell" data-label=never_used><Time moment=row.last_used/></td>
            <td role="cell" class="number-cell" data-label=t.column_times_used>{group_digits(language(), row.times_used)}</td>
            <td role="cell" class="address-cell">{row.locked_ip.as_deref().map(address)}</td>
            {delete}
        </tr>
    }
    .part()
}

fn delete_cell(shown: &ListShown<'_>, row: &KeyRow, path: &str) -> Part {
    let (t, all) = (KeyTexts::here(), texts());
    let back = query_of("back", &shown.query.to_query());
    let label = fill(t.delete_named, &[("description", &row.description)]);
    view! {
        <td role="cell" class="act-cell">
            <a
                class="danger-link"
                href=with_query(&format!("{path}/delete"), &back)
                rel="external"
                aria-label=label
            >
                {all.delete}
            </a>
        </td>
    }
    .part()
}

/// What is off about a key, or worth knowing at a glance.
fn badges(shown: &ListShown<'_>, key: &ListedKey) -> Part {
    let t = KeyTexts::here();
    let (row, now) = (&key.row, shown.list.now);
    let refused = shown.list.refused.contains(&row.id).then_some(t.badge_refused);
    let is_rotating = row.rotation.as_ref().is_some_and(|rotation| now < rotation.until);
    let left = row.expires_at.filter(|end| now < *end).map(|end| expiry::days_left(end, now));
    let forms = Plural { one: t.badge_ends_one, few: t.badge_ends_few, many: t.badge_ends_many };
    let ends =
        left.filter(|days| *days <= DAYS_BEFORE).map(|days| plural(language(), days.unsigned_abs(), forms));
    view! {
        {refused.map(|text| view! { " " <span class="badge off">{text}</span> })}
        {state_badge(key.state)}
        {is_rotating.then(|| view! { " " <span class="badge">{t.badge_rotating}</span> })}
        {ends.map(|text| view! { " " <span class="badge">{text}</span> })}
        {manages_badge(row.manages_keys)}
    }
    .part()
}

/// An address; a long one may break in its middle, and nowhere else.
fn address(text: &str) -> Part {
    let middle = text.match_indices(':').nth(3).map(|(at, _)| at + 1).filter(|_| text.len() > 20);
    let (head, tail) = text.split_at(middle.unwrap_or(text.len()));
    let (head, tail) = (head.to_owned(), tail.to_owned());
    let tail = (!tail.is_empty()).then(|| view! { <wbr/> {tail} });
    view! { <span class="address">{head} {tail}</span> }.part()
}
