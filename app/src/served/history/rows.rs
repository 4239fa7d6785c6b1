use domain::history::HistoryQuery;
use leptos::prelude::*;
use service::records::{HistoryLine, LineKey};

use super::super::texts::{HistoryTexts, Served};
use super::address;
use super::words::{detail_text, line_text, origin, who};
use crate::components::{Table, Time};
use crate::i18n::{fill, language};
use crate::part::{IntoPart, Part};
use crate::portal::KeyId;
use crate::server_fns::{HistoryRead, key_path};
use crate::to_view::moment;

/// The lines of one page.
pub(super) fn table(read: &HistoryRead) -> Part {
    let t = HistoryTexts::here();
    let columns = vec![
        (t.column_when, Some("time-cell")),
        (t.column_what, Some("what-cell")),
        (t.column_who, Some("who-cell")),
        (t.column_from, Some("address-cell")),
    ];
    let rows = read.history.lines.iter().map(|line| (None, cells(read, line))).collect::<Vec<_>>();
    view! { <Table label=t.label columns rows/> }.part()
}

fn cells(read: &HistoryRead, line: &HistoryLine) -> Vec<Part> {
    let (t, language, zone) = (HistoryTexts::here(), language(), &read.request.reader.time_zone);
    let reader = read.request.actor.as_ref().map(|actor| actor.username.as_str()).unwrap_or_default();
    let detail = detail_text(language, zone, line);
    let detail = (!detail.is_empty()).then(|| view! { " " <span class="hint">{detail}</span> });
    let key = line.key.as_ref().map(|key| view! { " " <span class="line-key">{named(key, reader)}</span> });
    // Of a line about a key the name of its user says whom it concerns; some lines name them in their detail.
    let is_named = line.key.is_some() || line.detail == line.user.as_str();
    let is_about_another = !is_named && ![reader, &line.actor].contains(&line.user.as_str());
    let user = is_about_another
        .then(|| view! { " " <span class="hint">{fill(t.about, &[("user", &line.user)])}</span> });
    let what = view! { {line_text(language, line)} {user} {detail} {key} };
    let via = line.via.as_ref().map(|key| view! { {t.through} " " {named(key, reader)} }.part());
    let via = via.or_else(|| line.by_program.then(|| t.by_key.part()));
    let via = via.map(|via| view! { " " <span class="line-key">{via}</span> });
    let who = view! { {who(language, line)} {via} };
    vec![
        view! { <Time moment=Some(moment(line.at, zone))/> }.part(),
        what.part(),
        who.part(),
        origin(language, line).part(),
    ]
}

/// A key by its words, with a way to its page while it has one, and to the lines about it alone.
fn named(key: &LineKey, reader: &str) -> Part {
    let t = HistoryTexts::here();
    let name = match key.is_deleted {
        true => view! { {key.description.clone()} " " <span class="badge off">{t.deleted}</span> }.part(),
        false => {
            let path = key_path(&KeyId(key.id.to_string()));
            view! { <a href=path>{key.description.clone()}</a> }.part()
        }
    };
    let alone = address(&HistoryQuery { key: Some(key.id), ..HistoryQuery::default() });
    let label = fill(t.only_named, &[("description", &key.description), ("masked", &key.masked)]);
    let user = (key.username.as_str() != reader)
        .then(|| view! { " " <span class="hint">{key.username.to_string()}</span> });
    view! {
        {name} " "
        <a href=alone aria-label=label title=t.only>
            <code class="token" translate="no">{key.masked.clone()}</code>
        </a>
        {user}
    }
    .part()
}
