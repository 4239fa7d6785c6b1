use leptos::prelude::*;

use super::super::part::select_field;
use super::super::texts::{ProfileTexts, Served};
use super::PROFILE;
use crate::components::{Form, PlainForm, SubmitButton, Time};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, Profile};
use crate::server_fns::SetTimeZone;

/// The time zone in which times are shown.
pub(super) fn time_zone_panel(profile: &Profile) -> Part {
    let t = ProfileTexts::here();
    let form = Form::<SetTimeZone>::new();
    let state = form.state;
    let chosen = state.entered("time_zone").unwrap_or_else(|| profile.time_zone.clone());
    let described = fill("{save}: {what}", &[("save", &texts().save), ("what", &t.time_zone_heading)]);
    view! {
        <section class="panel">
            <h2>{t.time_zone_heading}</h2>
            <p>{t.time_zone_now}" "<Time moment=Some(profile.now.clone())/></p>
            <PlainForm
                form
                path=format!("{PROFILE}?do=set_time_zone")
                fields=&[Field::TimeZone]
            >
                {select_field(state, Field::TimeZone, "time_zone", t.time_zone_label, options(&profile.time_zones, &chosen))}
                <SubmitButton state label=texts().save described class="button quiet"/>
            </PlainForm>
        </section>
    }
    .part()
}

/// Places by their regions; what stands in none comes first.
fn options(names: &[String], chosen: &str) -> Part {
    let region = |name: &str| name.split_once('/').map(|(region, _)| region.to_owned()).unwrap_or_default();
    // An old name, which is not offered any more.
    let old = (!names.iter().any(|name| name == chosen)).then(|| option(chosen, chosen));
    let groups = names.chunk_by(|one, next| region(one) == region(next)).map(|group| {
        let label = region(&group[0]);
        let options = group.iter().map(|name| option(name, chosen)).collect_view();
        if label.is_empty() {
            return options.part();
        }
        view! { <optgroup label=label>{options}</optgroup> }.part()
    });
    view! { {old} {groups.collect_view()} }.part()
}

/// Without its region, which stands above it, so that typing the name of a city finds it.
fn option(name: &str, chosen: &str) -> Part {
    let place = name.split_once('/').map_or(name, |(_, place)| place);
    let text = place.replace('_', " ").replace('/', " / ");
    view! { <option value=name.to_owned() selected=name == chosen>{text}</option> }.part()
}
