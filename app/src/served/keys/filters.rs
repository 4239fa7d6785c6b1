use contract::KeyType;
use domain::key_list::{Column, ListState, Order, PageSize, SearchText};
use leptos::prelude::*;
use std::sync::Arc;

use super::super::texts::{KeyTexts, Served};
use super::{LIST, ListShown};
use crate::components::type_name;
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};

/// The most names that a list of users offers; of more the name is typed.
const MOST_NAMES: usize = 200;

/// The orders that the form offers besides the one that is chosen.
const ORDERS: [Order; 4] = [
    Order { column: Column::Created, descending: true },
    Order { column: Column::LastUsed, descending: true },
    Order { column: Column::TimesUsed, descending: true },
    Order { column: Column::Description, descending: false },
];

/// The form with search, filters, order and size: all of it stands in the address.
pub(super) fn form(shown: &ListShown<'_>) -> Part {
    let (t, filter) = (KeyTexts::here(), &shown.query.filter);
    let text = filter.text.as_ref().map(SearchText::whole).unwrap_or_default().to_owned();
    let clear = (!filter.is_open()).then(|| view! { <a class="clear" href=LIST>{t.clear}</a> });
    view! {
        <form class="filters" method="get" action=LIST role="search" aria-label=t.filters_label>
            <label class="search">
                <span class="visually-hidden">{t.search_label}</span>
                <input
                    class="input"
                    type="search"
                    name="q"
                    value=text
                    placeholder=t.search_hint
                    maxlength="100"
                    autocomplete="off"
                    spellcheck="false"
                />
            </label>
            {types(filter.key_type)}
            {user_choice(shown.owner, &shown.list.sub_users, filter.username.as_deref())}
            {states(filter.state)}
            {orders(shown.query.order)}
            {sizes(shown.query.size)}
            <button class="button quiet">{t.find}</button>
            {clear}
        </form>
    }
    .part()
}

/// One choice of the form: its name in the address, what it is called, and what can be chosen (value, text, whether it is).
fn choice(name: &'static str, label: &'static str, options: Vec<(String, String, bool)>) -> Part {
    let options = options.into_iter().map(|(value, text, chosen)| {
        view! { <option value=value selected=chosen>{text}</option> }
    });
    view! {
        <label class="choose">
            <span class="visually-hidden">{label}</span>
            <select class="input" name=name autocomplete="off">{options.collect_view()}</select>
        </label>
    }
    .part()
}

fn types(chosen: Option<KeyType>) -> Part {
    let (t, all) = (KeyTexts::here(), texts());
    let any = (String::new(), t.type_all.to_owned(), chosen.is_none());
    let types =
        KeyType::ALL.map(|one| (one.name().to_owned(), type_name(all, one).to_owned(), chosen == Some(one)));
    choice("type", all.column_type, [any].into_iter().chain(types).collect())
}

/// The users of an account that has several, for its owner. A name that is not among them stays chosen.
pub(in super::super) fn user_choice(
    owner: Option<&str>,
    names: &[Arc<str>],
    chosen: Option<&str>,
) -> Option<Part> {
    let (t, chosen) = (KeyTexts::here(), chosen.map(ToOwned::to_owned));
    if names.is_empty() {
        return None;
    }
    if names.len() > MOST_NAMES {
        return Some(
            view! {
                <label class="choose">
                    <span class="visually-hidden">{t.user_label}</span>
                    <input
                        class="input"
                        name="user"
                        value=chosen
                        placeholder=t.user_label
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                    />
                </label>
            }
            .part(),
        );
    }
    let is_chosen = |name: &str| chosen.as_ref().is_some_and(|chosen| chosen.eq_ignore_ascii_case(name));
    let any = (String::new(), t.user_all.to_owned(), chosen.is_none());
    let known = owner.into_iter().chain(names.iter().map(|name| &**name));
    let mut options: Vec<_> = [any]
        .into_iter()
        .chain(known.map(|name| (name.to_owned(), name.to_owned(), is_chosen(name))))
        .collect();
    if let Some(other) = chosen.clone().filter(|_| options.iter().all(|(_, _, chosen)| !chosen)) {
        options.push((other.clone(), other, true));
    }
    Some(choice("user", t.user_label, options))
}

fn states(chosen: Option<ListState>) -> Part {
    let t = KeyTexts::here();
    let text = |state| match state {
        ListState::Active => t.state_active,
        ListState::Paused => t.state_paused,
        ListState::Expired => t.state_expired,
        ListState::Unused => t.state_unused,
        ListState::Refused => t.state_refused,
        ListState::Rotating => t.state_rotating,
        ListState::ManagesKeys => t.state_manages_keys,
    };
    let any = (String::new(), t.state_all.to_owned(), chosen.is_none());
    let states = ListState::ALL.map(|one| (one.name().to_owned(), text(one).to_owned(), chosen == Some(one)));
    choice("state", t.state_label, [any].into_iter().chain(states).collect())
}

fn orders(chosen: Order) -> Part {
    let other = (!ORDERS.contains(&chosen)).then_some(chosen);
    let options = ORDERS.into_iter().chain(other).map(|order| {
        let value = if order == Order::default() { String::new() } else { order.name() };
        (value, order_text(order), order == chosen)
    });
    choice("sort", KeyTexts::here().order_label, options.collect())
}

/// An order in words.
pub(super) fn order_text(order: Order) -> String {
    let t = KeyTexts::here();
    let text = match (order.column, order.descending) {
        (Column::Created, true) => t.order_created_down,
        (Column::Created, false) => t.order_created,
        (Column::LastUsed, true) => t.order_last_used_down,
        (Column::LastUsed, false) => t.order_last_used,
        (Column::TimesUsed, true) => t.order_times_used_down,
        (Column::TimesUsed, false) => t.order_times_used,
        (column, descending) => {
            let form = if descending { t.order_down } else { t.order_up };
            return fill(form, &[("column", &column_text(column))]);
        }
    };
    text.to_owned()
}

/// What stands above a column.
pub(super) fn column_text(column: Column) -> &'static str {
    let (t, all) = (KeyTexts::here(), texts());
    match column {
        Column::Created => t.column_created,
        Column::Username => all.column_username,
        Column::Description => all.column_description,
        Column::Type => all.column_type,
        Column::Key => all.column_key,
        Column::LastUsed => t.column_last_used,
        Column::TimesUsed => t.column_times_used,
        Column::LockedOnIp => all.column_locked_on_ip,
    }
}

fn sizes(chosen: PageSize) -> Part {
    let t = KeyTexts::here();
    let options = PageSize::ALL.map(|size| {
        let count = size as u32;
        (count.to_string(), fill(t.size_of, &[("count", &count)]), size == chosen)
    });
    choice("size", t.size_label, options.into())
}
