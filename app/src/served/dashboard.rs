//! The first page below its heading, as finished HTML: whether everything is all right, what needs an answer, what the keys
//! did. The server writes it for pages and for the program in the browser, which puts it in as it is (docs/decisions.md).

mod asks;
mod busiest;
mod figures;
mod sentence;
mod steps;

use super::chart::chart;
use super::reading::Reading;
use crate::part::{IntoPart, Part};
use domain::example::ExampleRequest;
use domain::range::Range;
use leptos::prelude::*;
use service::dashboard::Dashboard;
use service::keys::KeysOverview;

/// Where keys are generated.
const GENERATE: &str = "/account/api-keys/new";
/// The list of keys.
const KEYS: &str = "/account/api-keys";

/// Who reads the page.
pub(crate) struct Reader<'a> {
    /// How they read.
    pub(crate) reading: Reading<'a>,
    /// Their name.
    pub(crate) username: &'a str,
    /// Whether they may change and show keys.
    pub(crate) may_manage: bool,
}

/// Writes the page.
pub(crate) fn dashboard_html(reader: &Reader<'_>, found: &Dashboard, example: &ExampleRequest) -> String {
    let (reading, keys) = (&reader.reading, &found.keys);
    let has_work = keys.figures.pieces.iter().any(|piece| piece.accepted + piece.refused > 0);
    let is_used = keys.last_used.is_some();
    let head = head(reader, found);
    let asks = asks::asks(reading, found);
    let steps = (!is_used && reader.may_manage).then(|| steps::steps(reader, keys.keys > 0, example));
    let requests = (is_used || has_work).then(|| requests(reading, keys));
    let busiest = is_used.then(|| busiest::busiest(reading, keys));
    view! { {head}{asks}{steps}{requests}{busiest} }.to_html()
}

/// The sentence, and the way to another key.
fn head(reader: &Reader<'_>, found: &Dashboard) -> Part {
    // One yellow button a page: it belongs to what is urgent, or to the first step.
    let has_other = found.attention.shown.iter().any(|(matter, _)| matter.is_urgent());
    let class = if has_other { "button quiet" } else { "button" };
    let is_offered = reader.may_manage && found.keys.keys > 0;
    let generate = is_offered.then(|| view! { <a class=class href=GENERATE>{reader.reading.t.generate}</a> });
    let sentence = sentence::sentence(&reader.reading, found, reader.may_manage);
    view! { <div class="overview">{sentence}{generate}</div> }.part()
}

/// Uses and refusals over a range, which links choose.
fn requests(reading: &Reading<'_>, keys: &KeysOverview) -> Part {
    let t = reading.t;
    view! {
        <section class="panel" aria-labelledby="requests">
            <div class="panel-head">
                <h2 id="requests">{t.requests}</h2>
                {ranges(reading, "/", keys.figures.range)}
            </div>
            {figures::figures(reading, keys)}
            {chart(reading, &keys.figures)}
        </section>
    }
    .part()
}

/// Links to a page with each range. The router keeps the place on the page.
pub(super) fn ranges(reading: &Reading<'_>, path: &str, current: Range) -> Part {
    let links = Range::ALL.map(|range| {
        let href = format!("{path}?range={}", range.name());
        let current = (range == current).then_some("true");
        view! { <li><a href=href aria-current=current data-noscroll="">{reading.range(range)}</a></li> }
    });
    view! { <nav aria-label=reading.t.range_label><ul class="ranges">{links.collect_view()}</ul></nav> }
        .part()
}
