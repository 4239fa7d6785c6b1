use leptos::prelude::*;

use super::super::chart::chart;
use super::super::history::history_of;
use super::super::part::state_line;
use super::super::reading::Reading;
use super::super::texts::{KeyTexts, Served, TrialTexts};
use super::super::ways::{ways, ways_beside_username};
use crate::components::{Time, type_name};
use crate::i18n::{fill, group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyHtml, KeyRow, KeyType};
use crate::server_fns::key_path;
use crate::to_view::{key_row, moment};
use contract::KeyState;
use domain::example::ExampleRequest;
use domain::time_zone::TimeZone;
use service::keys::{KeyFigures, ListedKey, OldToken, RangeFigures};

/// The most addresses of an old token that the page of its key names.
const OLD_TOKEN_ADDRESSES: usize = 20;

/// What the page of a key tells.
pub(crate) struct KeyShown<'a> {
    /// The key.
    pub(crate) found: &'a KeyFigures,
    /// What it did in 30 days.
    pub(crate) figures: &'a RangeFigures,
    /// The token that the address names.
    pub(crate) fresh: Option<&'a str>,
    /// How programs reach the API.
    pub(crate) example: &'a ExampleRequest,
    pub(crate) zone: &'a TimeZone,
    pub(crate) may_manage: bool,
}

/// Writes the parts of a key's page that are only read.
pub(crate) fn key_html(shown: &KeyShown<'_>) -> KeyHtml {
    let KeyShown { found, figures, zone, may_manage, .. } = *shown;
    let row = key_row(&found.key, zone);
    let reading = Reading::new(language(), zone, figures.now);
    let allow_list = &found.key.row.rule.allow_list;
    let html = |part: Part| part.to_html();
    KeyHtml {
        about: html(about(&row)),
        state: html(how_it_is(&reading, &row, found)),
        ways: shown
            .fresh
            .map(|token| ways_html(&reading, &found.key, token, shown.example))
            .unwrap_or_default(),
        requests: requests(&reading, figures).map(html).unwrap_or_default(),
        statistics: html(statistics(found, &row, zone)),
        lock: html(lock(&row, allow_list.is_empty())),
        addresses: if may_manage { String::new() } else { html(addresses(allow_list)) },
        old_token: found.old_token.as_ref().map(|old| html(old_token(old, zone))).unwrap_or_default(),
    }
}

/// How to send a token that is shown once.
pub(crate) fn ways_html(
    reading: &Reading<'_>,
    key: &ListedKey,
    token: &str,
    example: &ExampleRequest,
) -> String {
    let t = TrialTexts::here();
    let username = key.row.username.as_str();
    let ways = match key.row.key_type {
        KeyType::Smpp => ways_beside_username(reading, username, token, example),
        _ => ways(reading, username, token, example),
    };
    let shown = |ways| {
        view! { <p class="ways-head">{t.now_heading}</p> <p class="hint">{t.now_text}</p> {ways} }.to_html()
    };
    ways.map(shown).unwrap_or_default()
}

/// Uses and refusals of 30 days, if there are any.
fn requests(reading: &Reading<'_>, figures: &RangeFigures) -> Option<Part> {
    let has_any = figures.pieces.iter().any(|piece| piece.accepted + piece.refused > 0);
    has_any.then(|| {
        let heading = format!("{}, {}", reading.t.requests, reading.range(figures.range));
        view! {
            <section class="panel" aria-labelledby="requests">
                <h2 id="requests">{heading}</h2>
                {chart(reading, figures)}
            </section>
        }
        .part()
    })
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

/// Whether the key is all right, in a sentence.
fn how_it_is(reading: &Reading<'_>, row: &KeyRow, found: &KeyFigures) -> Part {
    let t = KeyTexts::here();
    let refused = found.spans.refused[0];
    if refused > 0 {
        let text = reading.counted(refused, [t.refused_today_one, t.refused_today_few, t.refused_today_many]);
        return state_line(true, text.part());
    }
    match (row.state, &row.last_used) {
        _ if found.owner_disabled => state_line(true, t.is_disabled.part()),
        (KeyState::Paused, _) => state_line(true, t.is_paused.part()),
        (KeyState::Expired, _) => state_line(true, t.is_expired.part()),
        (KeyState::Active, None) => state_line(false, t.is_unused.part()),
        (KeyState::Active, Some(_)) => state_line(false, t.is_fine.part()),
    }
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
    let path = key_path(&row.id);
    let (usage, trial) = (format!("{path}/usage"), format!("{path}/try"));
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
        <p class="links">
            <a href=usage rel="external">{t.usage_link}</a>
            <a href=trial rel="external">{t.trial_link}</a>
            <a href=history_of(&row.id.0) rel="external">{t.history_link}</a>
        </p>
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
