//! What needs an answer, with the answer beside it.

use super::super::reading::Reading;
use super::KEYS;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::KeyId;
use crate::server_fns::key_path;
use contract::{AddressState, Cause};
use domain::attention::Matter;
use domain::time::Micros;
use leptos::prelude::*;
use service::dashboard::{Dashboard, Finding};
use service::keys::ListedKey;
use service::notices::ListedNotice;

const NOTICES: &str = "/account/notifications";
const PROFILE: &str = "/account/profile";
const TWO_FACTOR: &str = "/account/profile#two-factor";
/// Keys that nobody uses.
const UNUSED: &str = "/account/api-keys?state=unused";

/// One matter in words.
struct Ask {
    title: String,
    text: String,
    /// When it happened last.
    last: Option<Micros>,
    /// What to do about it, the best first.
    answers: Vec<Answer>,
}

/// Where an answer is given.
struct Answer {
    path: String,
    label: &'static str,
    /// Whether the server alone knows that page.
    is_served: bool,
}

fn lively(path: impl Into<String>, label: &'static str) -> Answer {
    Answer { path: path.into(), label, is_served: false }
}

fn served(path: &str, label: &'static str) -> Answer {
    Answer { path: path.to_owned(), label, is_served: true }
}

/// All that is shown, most urgent first.
pub(super) fn asks(reading: &Reading<'_>, found: &Dashboard) -> Option<Part> {
    let (t, plan) = (reading.t, &found.attention);
    let is_urgent = plan.shown.first()?.0.is_urgent();
    let class = if is_urgent { "asks urgent" } else { "asks" };
    let heading = if is_urgent { t.needs_attention } else { t.worth_a_look };
    let rows = plan.shown.iter().enumerate().map(|(place, (matter, finding))| {
        // The one yellow button of the page.
        row(reading, *matter, ask(reading, *matter, finding), place == 0 && is_urgent)
    });
    let rows = rows.collect_view();
    let more = (plan.more > 0).then(|| {
        let text = reading.counted(plan.more as u64, [t.more_one, t.more_few, t.more_many]);
        view! { <p class="asks-more"><a href=NOTICES rel="external">{text}</a></p> }
    });
    Some(
        view! {
            <section class=class aria-labelledby="asks">
                <h2 id="asks">{heading}</h2>
                <ul>{rows}</ul>
                {more}
            </section>
        }
        .part(),
    )
}

fn row(reading: &Reading<'_>, matter: Matter, ask: Ask, is_first: bool) -> Part {
    let class = if matter.is_urgent() { "ask urgent" } else { "ask" };
    let last = ask.last.map(|at| view! { " "{reading.t.last_time}" "{reading.ago(at)}"." });
    let answers = ask.answers.into_iter().enumerate().map(|(place, answer)| {
        let class = if is_first && place == 0 { "button small" } else { "button quiet small" };
        let rel = answer.is_served.then_some("external");
        view! { <a class=class href=answer.path rel=rel>{answer.label}</a> }
    });
    let answers = answers.collect_view();
    view! {
        <li class=class>
            <div>
                <h3>{ask.title}</h3>
                <p>{ask.text}{last}</p>
            </div>
            <div class="buttons">{answers}</div>
        </li>
    }
    .part()
}

fn ask(reading: &Reading<'_>, matter: Matter, finding: &Finding) -> Ask {
    let t = reading.t;
    match finding {
        Finding::Refusals(notice) => refusal(reading, notice),
        Finding::Password(end) => Ask {
            title: fill(t.password_title, &[("days", &reading.days_until(*end))]),
            text: t.password_text.to_owned(),
            last: None,
            answers: vec![served(PROFILE, t.change_password), served(TWO_FACTOR, t.set_up_two_factor)],
        },
        Finding::Login => Ask {
            title: t.login_title.to_owned(),
            text: t.login_text.to_owned(),
            last: None,
            answers: vec![served(TWO_FACTOR, t.set_up_two_factor)],
        },
        Finding::Keys(_, Some(key)) => one_key(reading, matter, key),
        Finding::Keys(count, None) => keys(reading, matter, *count as u64),
    }
}

/// A key that is refused, or that is dead and still sent.
fn refusal(reading: &Reading<'_>, notice: &ListedNotice) -> Ask {
    let (t, facts) = (reading.t, &notice.facts);
    let key = facts.key.as_ref();
    let is_deleted = key.is_some_and(|key| key.deleted_at.is_some());
    let title = match facts.cause {
        Cause::NewAddress => t.refused_title,
        _ if is_deleted => t.deleted_title,
        _ => t.ended_title,
    };
    let name = key.map_or("", |key| key.description.as_str());
    let mut title = fill(title, &[("key", &name), ("address", &place(reading, notice))]);
    if let Some(key) = key.filter(|key| key.username != facts.username) {
        title.push(' ');
        title.push_str(&fill(t.key_of, &[("username", &key.username)]));
    }
    let text = if facts.cause == Cause::NewAddress { t.refused_text } else { t.dead_text };
    let first = match facts.cause {
        Cause::NewAddress if notice.may_act && open_places(notice) > 1 => t.decide_addresses,
        Cause::NewAddress if notice.may_act => t.decide_address,
        _ => t.see_notification,
    };
    let mut answers = vec![served(NOTICES, first)];
    if let Some(key) = key.filter(|_| !is_deleted) {
        answers.push(lively(key_path(&KeyId(key.id.to_string())), t.look_at_key));
    }
    let text = fill(text, &[("times", &reading.times(facts.count))]);
    Ask { title, text, last: Some(facts.last_at), answers }
}

/// Places that nobody decided about.
fn open_places(notice: &ListedNotice) -> usize {
    notice.places.iter().filter(|place| place.state == AddressState::Open).count()
}

/// From where a key is sent: the one address, or how many.
pub(super) fn place(reading: &Reading<'_>, notice: &ListedNotice) -> String {
    let t = reading.t;
    let open: Vec<_> = notice.places.iter().filter(|place| place.state == AddressState::Open).collect();
    match open.as_slice() {
        [] => t.unknown_address.to_owned(),
        [only] => only.network.to_string(),
        many => {
            let count = many.iter().map(|place| place.addresses as u64).sum();
            reading.counted(count, [t.addresses_one, t.addresses_few, t.addresses_many])
        }
    }
}

/// What is said of the only key of its kind.
fn one_key(reading: &Reading<'_>, matter: Matter, key: &ListedKey) -> Ask {
    let (t, path) = (reading.t, key_path(&KeyId(key.row.id.to_string())));
    let (title, text, label) = match matter {
        Matter::KeyEnding => (t.ending_one_title, t.ending_text, t.choose_later_end),
        Matter::OpenToAll => (t.open_one_title, t.open_text, t.look_at_key),
        Matter::Unused => (t.unused_one_title, t.unused_text, t.look_at_key),
        _ => (t.never_one_title, t.never_text, t.look_at_key),
    };
    let days = key.row.expires_at.map(|end| reading.days_until(end)).unwrap_or_default();
    Ask {
        title: fill(title, &[("key", &key.row.description), ("days", &days)]),
        text: text.to_owned(),
        last: None,
        answers: vec![lively(path, label)],
    }
}

/// What is said of several.
fn keys(reading: &Reading<'_>, matter: Matter, count: u64) -> Ask {
    let t = reading.t;
    // Of one key whose row could not be read, no more than the number is known.
    let (forms, text, path) = match matter {
        Matter::KeyEnding => ([t.ending_title_few, t.ending_title_many], t.ending_text, KEYS),
        Matter::OpenToAll => ([t.open_title_few, t.open_title_many], t.open_text_many, KEYS),
        Matter::Unused => ([t.unused_title_few, t.unused_title_many], t.unused_text, UNUSED),
        _ => ([t.never_title_few, t.never_title_many], t.never_text_many, UNUSED),
    };
    let [few, many] = forms;
    Ask {
        title: reading.counted(count, [few, few, many]),
        text: text.to_owned(),
        last: None,
        answers: vec![lively(path, t.see_keys)],
    }
}
