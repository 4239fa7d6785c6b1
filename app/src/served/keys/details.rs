use leptos::prelude::*;

use super::super::texts::{KeyTexts, Served};
use crate::components::{Time, type_name};
use crate::i18n::{fill, group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyHtml, KeyRow, KeyType};
use crate::server_fns::key_path;
use crate::to_view::{key_row, moment};
use contract::KeyState;
use domain::time_zone::TimeZone;
use service::keys::{KeyFigures, OldToken};

/// The most addresses of an old token that the page of its key names.
const OLD_TOKEN_ADDRESSES: usize = 20;

/// Writes the parts of a key's page that are only read.
pub(crate) fn key_html(found: &KeyFigures, zone: &TimeZone, may_manage: bool) -> KeyHtml {
    let row = key_row(&found.key, zone);
    let allow_list = &found.key.row.rule.allow_list;
    let html = |part: Part| part.to_html();
    KeyHtml {
        about: html(about(&row)),
        statistics: html(statistics(found, &row, zone)),
        lock: html(lock(&row, allow_list.is_empty())),
        addresses: if may_manage { String::new() } else { html(addresses(allow_list)) },
        old_token: found.old_token.as_ref().map(|old| html(old_token(old, zone))).unwrap_or_default(),
    }
}

/// Its type, user and state.
fn about(row: &KeyRow) -> Part {
    view! {
        <span class="badge">{type_name(texts(), row.key_type)}</span>
        " "
        <span>{row.username.clone()}</span>
        {state_badge(row.state)}
        {manages_badge(row.manages_keys)}
    }
    .part()
}

/// What stands beside the name of a key that does not pass.
pub(super) fn state_badge(state: KeyState) -> Option<Part> {
    let t = KeyTexts::here();
    let text = match state {
        KeyState::Active => return None,
        KeyState::Paused => t.paused,
        KeyState::Expired => t.expired,
    };
    Some(view! { " " <span class="badge off">{text}</span> }.part())
}

/// What stands beside the name of a key that manages keys.
pub(super) fn manages_badge(manages_keys: bool) -> Option<Part> {
    let text = KeyTexts::here().manages_keys_badge;
    manages_keys.then(|| view! { " " <span class="badge">{text}</span> }.part())
}

/// When and how often a key is used.
fn statistics(found: &KeyFigures, row: &KeyRow, zone: &TimeZone) -> Part {
    let (t, common, language) = (KeyTexts::here(), texts(), language());
    let usage = key_path(&row.id) + "/usage";
    let count = |count| group_digits(language, count).part();
    let time = |at| view! { <Time moment=Some(moment(at, zone))/> }.part();
    let key = &found.key.row;
    let facts = [
        (t.created, time(key.created_at)),
        (common.expires, key.expires_at.map_or_else(|| t.expires_never.part(), time)),
        (t.column_last_used, view! { <Time moment=row.last_used.clone()/> }.part()),
        (t.column_times_used, count(row.times_used)),
        (t.used_today, count(found.spans.accepted[0])),
        (t.used_30_days, count(found.spans.accepted[2])),
        (t.refused_30_days, count(found.spans.refused[2])),
    ];
    let facts = facts.map(|(name, fact)| view! { <div><dt>{name}</dt><dd>{fact}</dd></div> });
    view! {
        <h2>{t.statistics}</h2>
        <dl class="facts">{facts.collect_view()}</dl>
        <p><a href=usage rel="external">{t.usage_link}</a></p>
    }
    .part()
}

/// From where it passes.
fn lock(row: &KeyRow, has_no_list: bool) -> Part {
    let t = KeyTexts::here();
    let text = match (row.key_type, &row.locked_ip) {
        (KeyType::Default, Some(_)) if has_no_list => t.locked_text,
        (KeyType::Default, Some(_)) => t.locked_with_list_text,
        (KeyType::Default, None) if has_no_list => t.unlocked_text,
        (KeyType::Default, None) => t.unlocked_with_list_text,
        _ => t.any_address_text,
    };
    view! {
        {row.locked_ip.clone().map(|address| view! { <p class="address">{address}</p> })}
        <p>{text}</p>
    }
    .part()
}

/// The allow list for those who may not change it.
fn addresses(allow_list: &[impl ToString]) -> Part {
    let empty = allow_list.is_empty().then_some(texts().addresses_empty);
    let entries =
        allow_list.iter().map(|entry| view! { <li><span class="address">{entry.to_string()}</span></li> });
    view! { <p>{empty}</p> <ul class="addresses">{entries.collect_view()}</ul> }.part()
}

/// What still uses the token before the present one.
fn old_token(old: &OldToken, zone: &TimeZone) -> Part {
    let (t, language) = (KeyTexts::here(), language());
    let count = |count| group_digits(language, count);
    let share = |old, all| fill(t.old_token_share, &[("old", &count(old)), ("all", &count(all))]);
    let addresses = old.uses.addresses.iter().take(OLD_TOKEN_ADDRESSES).map(|uses| {
        view! { <li><span class="address">{uses.address.to_string()}</span> <span>{count(uses.count)}</span></li> }
    });
    let advice = if old.is_safe_to_end { t.old_token_silent } else { t.old_token_in_use };
    view! {
        <p>{t.old_token_text} " " <code class="token" translate="no">{old.rotation.masked.clone()}</code></p>
        <dl class="facts">
            <div><dt>{t.old_token_until}</dt><dd><Time moment=Some(moment(old.rotation.until, zone))/></dd></div>
            <div><dt>{t.used_today}</dt><dd>{share(old.uses.today, old.of_all[0])}</dd></div>
            <div><dt>{t.used_yesterday}</dt><dd>{share(old.uses.yesterday, old.of_all[1])}</dd></div>
        </dl>
        <ul class="addresses">{addresses.collect_view()}</ul>
        <p>{advice}</p>
    }
    .part()
}
