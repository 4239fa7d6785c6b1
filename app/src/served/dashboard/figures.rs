//! The four figures above the chart.

use super::super::reading::Reading;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::KeyId;
use crate::server_fns::key_path;
use leptos::prelude::*;
use service::keys::{KeysOverview, RangeFigures};

pub(super) fn figures(reading: &Reading<'_>, keys: &KeysOverview) -> Part {
    let t = reading.t;
    let [accepted, refused] = sums(&keys.figures);
    let today = &keys.figures.today;
    let note = fill(
        t.keys_used,
        &[("used", &reading.digits(keys.used as u64)), ("never", &reading.digits(keys.never_used as u64))],
    );
    view! {
        <dl class="figures">
            {counted(reading, (t.accepted, "swatch"), accepted, today.accepted)}
            {counted(reading, (t.refused, "swatch bad"), refused, today.refused)}
            <div>
                <dt>{t.api_keys}</dt>
                <dd class="figure">{reading.digits(keys.keys as u64)}</dd>
                <dd class="note">{note}</dd>
            </div>
            {last_request(reading, keys)}
        </dl>
    }
    .part()
}

/// What was accepted and refused in the whole range.
fn sums(figures: &RangeFigures) -> [u64; 2] {
    figures
        .pieces
        .iter()
        .fold([0, 0], |[accepted, refused], piece| [accepted + piece.accepted, refused + piece.refused])
}

/// A figure over the range, with the part of it that is of today.
fn counted(reading: &Reading<'_>, head: (&'static str, &'static str), count: u64, today: u64) -> Part {
    let (t, (name, swatch)) = (reading.t, head);
    let note = if today == 0 {
        t.none_today.to_owned()
    } else {
        fill(t.today, &[("count", &reading.digits(today))])
    };
    view! {
        <div>
            <dt><span class=swatch></span>{name}</dt>
            <dd class="figure">{reading.digits(count)}</dd>
            <dd class="note">{note}</dd>
        </div>
    }
    .part()
}

/// When a request was accepted last, and with which key.
fn last_request(reading: &Reading<'_>, keys: &KeysOverview) -> Part {
    let t = reading.t;
    let last = keys.last_used.as_ref().and_then(|key| Some((key.last_used?, &key.row)));
    let body = match last {
        None => view! { <dd class="figure words">{t.no_request}</dd> }.part(),
        Some((at, row)) => {
            let path = key_path(&KeyId(row.id.to_string()));
            view! {
                <dd class="figure words">{reading.ago(at)}</dd>
                <dd class="note"><a href=path>{row.description.clone()}</a></dd>
            }
            .part()
        }
    };
    view! { <div><dt>{t.last_request}</dt>{body}</div> }.part()
}
