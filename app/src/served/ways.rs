//! Lines for a shell that send a key to this installation's API.

use super::reading::Reading;
use crate::part::{IntoPart, Part};
use domain::example::{ExampleRequest, Way};
use leptos::prelude::*;

/// The lines in which `key` stands, for the keys of that user; the first one is open. None if keys are taken in no such way.
pub(super) fn ways(
    reading: &Reading<'_>,
    username: &str,
    key: &str,
    example: &ExampleRequest,
) -> Option<Part> {
    shown(reading, example.lines(username, key))
}

/// The lines for a secret that only passes beside its username.
pub(super) fn ways_beside_username(
    reading: &Reading<'_>,
    username: &str,
    key: &str,
    example: &ExampleRequest,
) -> Option<Part> {
    let mut lines = example.lines(username, key);
    lines.retain(|(way, _)| *way == Way::Basic);
    shown(reading, lines)
}

fn shown(reading: &Reading<'_>, lines: Vec<(Way, String)>) -> Option<Part> {
    let has_any = !lines.is_empty();
    let t = reading.t;
    let lines = lines.into_iter().enumerate().map(|(place, (way, line))| {
        let name = match way {
            Way::Bearer => t.way_bearer,
            Way::Header => t.way_header,
            Way::Basic => t.way_basic,
        };
        view! {
            <details class="way" open=place == 0>
                <summary>{name}</summary>
                <pre class="line" translate="no">{line}</pre>
            </details>
        }
    });
    has_any.then(|| lines.collect_view().part())
}
