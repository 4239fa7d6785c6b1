//! The first thing that the page says.

use super::super::part::state_line;
use super::super::reading::Reading;
use super::asks::place;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use domain::attention::Matter;
use leptos::prelude::*;
use service::dashboard::{Dashboard, Finding};

/// Whether everything is all right with the keys.
pub(super) fn sentence(reading: &Reading<'_>, found: &Dashboard, may_manage: bool) -> Part {
    let (t, keys) = (reading.t, &found.keys);
    if keys.keys == 0 && found.refused + found.dead == 0 {
        let text = if may_manage { t.empty } else { t.empty_reader };
        return view! { <p class="state">{text}</p> }.part();
    }
    let is_bad = found.refused + found.dead > 0;
    let text = if is_bad { trouble(reading, found) } else { calm(reading, keys.keys, keys.active) };
    state_line(is_bad, text.part())
}

fn trouble(reading: &Reading<'_>, found: &Dashboard) -> String {
    let t = reading.t;
    let only = found.attention.shown.iter().find_map(|(matter, finding)| match finding {
        Finding::Refusals(notice) if *matter == Matter::Refused => Some(notice),
        _ => None,
    });
    match (found.refused as u64, only) {
        (0, _) => reading.counted(found.dead as u64, [t.dead_one, t.dead_few, t.dead_many]),
        (1, Some(notice)) if !found.is_cut => fill(t.refused_from, &[("address", &place(reading, notice))]),
        (count, _) if found.is_cut => {
            let keys = reading.counted(count, [t.keys_one, t.keys_few, t.keys_many]);
            fill(t.refused_at_least, &[("keys", &keys)])
        }
        (count, _) => reading.counted(count, [t.refused_one, t.refused_few, t.refused_many]),
    }
}

fn calm(reading: &Reading<'_>, keys: usize, active: usize) -> String {
    let (t, resting) = (reading.t, keys.saturating_sub(active));
    if active == 0 {
        return t.none_active.to_owned();
    }
    if resting == 0 {
        return reading.counted(keys as u64, [t.fine_one, t.fine_few, t.fine_many]);
    }
    let fine = reading.counted(active as u64, [t.active_fine_one, t.active_fine_few, t.active_fine_many]);
    let others = reading.counted(resting as u64, [t.resting_one, t.resting_few, t.resting_many]);
    format!("{fine} {others}")
}
