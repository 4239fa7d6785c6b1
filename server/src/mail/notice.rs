//! Letters about notices, written from the notice as it is when they are sent.

use super::draft::{Block, Draft, one_line};
use super::page_links::Pages;
use app::texts::{MailTexts, ProfileTexts, Served};
use app::{Language, Plural, action_text, fill, plural};
use contract::{Cause, KeyType};
use domain::notice::AddressGroup;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{ActCount, MailUser, NoticeAddress, NoticeFacts, NoticeKey};

/// The most addresses and networks that a letter names.
const ADDRESSES: usize = 10;

/// What a letter is about.
pub(super) struct LetterContents<'a> {
    /// The notice.
    pub(super) facts: &'a NoticeFacts,
    /// Later acts that have no letter of their own.
    pub(super) later: &'a [ActCount],
}

/// Writes the letter about a notice to this address of its user.
pub(super) fn letter(
    contents: &LetterContents<'_>,
    user: &MailUser,
    email: &str,
    pages: &Pages,
    token: &str,
) -> Draft {
    let facts = contents.facts;
    let language = Language::from_code(&user.language).unwrap_or_default();
    let t = MailTexts::in_language(language);
    let texts = CauseTexts::of(facts, t);
    let key = facts.key.as_ref().map(|key| one_line(&key.description)).unwrap_or_default();
    let values: [(&str, &dyn std::fmt::Display); 2] = [("key", &key), ("username", &user.username)];
    let is_stoppable = !facts.cause.is_always_mailed();
    let unsubscribe = is_stoppable.then(|| pages.at(&format!("/unsubscribe?token={token}")));
    let mut blocks = vec![
        Block::Text(fill(t.hello, &[("username", &user.username)])),
        Block::Text(texts.text.to_owned()),
        Block::Facts(rows(contents, user, t, language)),
    ];
    blocks.extend(texts.advice.map(|advice| Block::Text(advice.to_owned())));
    blocks.extend([
        Block::Link(t.notices_link, pages.at("/account/notifications")),
        Block::Text(fill(t.why_told, &[("about", &t.about(facts.cause.name()))])),
    ]);
    blocks.push(match &unsubscribe {
        Some(link) => Block::Link(t.unsubscribe_link, link.clone()),
        None => Block::Text(t.why_always.to_owned()),
    });
    blocks.push(pages.closing(t));
    Draft { to: email.to_owned(), language, subject: fill(texts.subject, &values), blocks, unsubscribe }
}

/// The texts for a cause.
struct CauseTexts {
    subject: &'static str,
    text: &'static str,
    advice: Option<&'static str>,
}

impl CauseTexts {
    fn of(facts: &NoticeFacts, t: &'static MailTexts) -> Self {
        let is_deleted = facts.key.as_ref().is_some_and(|key| key.deleted_at.is_some());
        let not_you = Some(t.advice_not_you);
        let (subject, text, advice) = match facts.cause {
            Cause::NewAddress => (t.subject_new_address, t.text_new_address, Some(t.advice_new_address)),
            Cause::DeadKeyInUse if is_deleted => {
                (t.subject_deleted_key_in_use, t.text_deleted_key_in_use, Some(t.advice_dead_key_in_use))
            }
            Cause::DeadKeyInUse => {
                (t.subject_dead_key_in_use, t.text_dead_key_in_use, Some(t.advice_dead_key_in_use))
            }
            Cause::Guessing => (t.subject_guessing, t.text_guessing, Some(t.advice_guessing)),
            Cause::KeyGenerated => (t.subject_key_generated, t.text_key_generated, not_you),
            Cause::KeyShown => (t.subject_key_shown, t.text_key_shown, not_you),
            Cause::KeyDeleted => (t.subject_key_deleted, t.text_key_deleted, not_you),
            Cause::AddressesChanged => (t.subject_addresses_changed, t.text_addresses_changed, not_you),
            Cause::KeyChanged => (t.subject_key_changed, t.text_key_changed, not_you),
            Cause::KeyRotated => (t.subject_key_rotated, t.text_key_rotated, not_you),
            Cause::ApplicationApproved => (
                t.subject_application_approved,
                t.text_application_approved,
                Some(t.advice_application_approved),
            ),
            Cause::KeyExpiring => (t.subject_key_expiring, t.text_key_expiring, Some(t.advice_key_expiring)),
            Cause::NewLogin if facts.is_from_unknown() => {
                (t.subject_unknown_login, t.text_unknown_login, not_you)
            }
            Cause::NewLogin => (t.subject_new_login, t.text_new_login, not_you),
            Cause::PasswordExpiring => {
                (t.subject_password_expiring, t.text_password_expiring, Some(t.advice_password_expiring))
            }
            Cause::AccountChanged => (t.subject_account_changed, t.text_account_changed, not_you),
            Cause::WebhookOff => (t.subject_webhook_off, t.text_webhook_off, Some(t.advice_webhook_off)),
        };
        Self { subject, text, advice }
    }
}

type Facts = Vec<(&'static str, String)>;

fn rows(
    LetterContents { facts, later }: &LetterContents<'_>,
    user: &MailUser,
    t: &'static MailTexts,
    language: Language,
) -> Facts {
    let mut rows = Facts::new();
    if let Some(key) = &facts.key {
        key_facts(&mut rows, key, facts, t, language);
    }
    let is_of_many = matches!(
        facts.cause,
        Cause::AccountChanged | Cause::AddressesChanged | Cause::KeyChanged | Cause::KeyRotated
    );
    let action = facts.action.as_deref().filter(|_| is_of_many);
    if let Some(what) = action.and_then(|what| action_text(ProfileTexts::in_language(language), what)) {
        rows.push((t.fact_what, what.to_owned()));
    }
    if let Some(actor) = &facts.actor {
        let who = if actor == "operator" { t.by_operator.to_owned() } else { one_line(actor) };
        rows.push((t.fact_by, who));
    }
    // The detail of a password's reminder is the number of days that are left.
    match (facts.cause, facts.detail.parse()) {
        (Cause::PasswordExpiring | Cause::KeyExpiring, Ok(days)) => {
            rows.push((t.fact_days_left, days_left(days, t, language)));
        }
        _ if facts.detail.is_empty() => {}
        _ => rows.push((t.fact_detail, one_line(&facts.detail))),
    }
    if facts.cause.is_gathered() || facts.count > 1 {
        rows.push((t.fact_count, times(facts.count, t, language)));
    }
    if !facts.addresses.is_empty() {
        rows.push((t.fact_from, addresses(facts, t, language)));
    } else if facts.is_from_unknown() {
        rows.push((t.fact_from, t.from_unknown.to_owned()));
    }
    if facts.first_at == facts.last_at {
        rows.push((t.fact_when, time(facts.last_at, &user.time_zone)));
    } else {
        rows.push((t.fact_first, time(facts.first_at, &user.time_zone)));
        rows.push((t.fact_last, time(facts.last_at, &user.time_zone)));
    }
    if !later.is_empty() {
        rows.push((t.fact_since, acts(facts.cause, later, t, language)));
    }
    rows
}

/// What was done and how often, with a line per kind.
fn acts(cause: Cause, acts: &[ActCount], t: &'static MailTexts, language: Language) -> String {
    let texts = ProfileTexts::in_language(language);
    let line = |(action, count): &ActCount| {
        let what = action.as_deref().and_then(|action| action_text(texts, action));
        let what = what.map_or_else(|| t.about(cause.name()).to_owned(), ToOwned::to_owned);
        format!("{what} ({})", times(*count, t, language))
    };
    acts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn key_facts(
    rows: &mut Facts,
    key: &NoticeKey,
    facts: &NoticeFacts,
    t: &'static MailTexts,
    language: Language,
) {
    rows.push((t.fact_key, one_line(&key.description)));
    rows.push((t.fact_token, key.masked.clone()));
    let texts = app::texts_in(language);
    let kind = match key.key_type {
        KeyType::Default => texts.type_default,
        KeyType::Cloud => texts.type_cloud,
        KeyType::Smpp => texts.type_smpp,
        KeyType::App => texts.type_app,
    };
    rows.push((t.fact_type, kind.to_owned()));
    if key.username != facts.username {
        rows.push((t.fact_user, key.username.to_string()));
    }
}

fn days_left(days: u64, t: &MailTexts, language: Language) -> String {
    plural(language, days, Plural { one: t.days_one, few: t.days_few, many: t.days_many })
}

fn times(count: u64, t: &MailTexts, language: Language) -> String {
    plural(language, count, Plural { one: t.times_one, few: t.times_few, many: t.times_many })
}

/// Addresses and networks, one per line, the most frequent first.
fn addresses(facts: &NoticeFacts, t: &MailTexts, language: Language) -> String {
    let mut places = facts.address_groups();
    let count =
        |place: &AddressGroup<&NoticeAddress>| place.members.iter().map(|seen| seen.count).sum::<u64>();
    places.sort_by_key(|place| std::cmp::Reverse(count(place)));
    let line = |place: &AddressGroup<&NoticeAddress>| {
        let (network, times) = (place.network, times(count(place), t, language));
        if place.is_gathered() {
            let number = u64::try_from(place.members.len()).unwrap_or(u64::MAX);
            let forms = Plural { one: t.addresses_one, few: t.addresses_few, many: t.addresses_many };
            format!("{network} ({}, {times})", plural(language, number, forms))
        } else if facts.cause.is_gathered() {
            format!("{network} ({times})")
        } else {
            network.to_string()
        }
    };
    let mut lines: Vec<String> = places.iter().take(ADDRESSES).map(line).collect();
    let more: usize = places.iter().skip(ADDRESSES).map(|place| place.members.len()).sum();
    if more > 0 {
        let is_all = facts.addresses.len() < NoticeFacts::ADDRESSES;
        let text = if is_all { t.more_addresses } else { t.more_addresses_at_least };
        lines.push(fill(text, &[("count", &more)]));
    }
    lines.join("\n")
}

/// A time in the user's zone, with the zone's name.
fn time(at: Micros, zone: &str) -> String {
    let zone = TimeZone::find(zone).unwrap_or_default();
    format!("{} {}", zone.text(at), zone.name())
}

#[cfg(test)]
mod tests;
