use leptos::prelude::*;

use super::super::proof::proof_fields;
use super::super::texts::{Served, WebhookTexts};
use super::words::cause_text;
use crate::components::{FormState, TextField, describes, problem_line, problem_of};
use crate::part::{IntoPart, Part};
use crate::portal::{CauseChoices, Field};

/// The fields that both forms have.
pub(super) const FIELDS: &[Field] = &[Field::Url, Field::Causes, Field::Password, Field::Code];

/// Where a webhook leads, and what it tells: `url` and `chosen` are what the boxes hold before anybody fills
/// them in.
pub(super) fn choice_fields(
    state: FormState,
    url: Option<String>,
    causes: Vec<String>,
    chosen: &[String],
) -> Part {
    let t = WebhookTexts::here();
    if let Some(url) = url {
        state.begin_with("url", url);
    }
    let problem = problem_of(state, Field::Causes);
    let error_id = format!("{}-causes-error", state.name);
    let describes = describes(None, error_id.clone(), problem);
    let was_refused = state.error.with_untracked(Option::is_some);
    let boxes = causes.into_iter().map(|cause| {
        let name = format!("{}{cause}", CauseChoices::PREFIX);
        let checked = if was_refused { state.entered(&name).is_some() } else { chosen.contains(&cause) };
        view! {
            <label class="choice">
                <input type="checkbox" name=name value="on" autocomplete="off" checked=checked/>
                <span>{cause_text(t, &cause)}</span>
            </label>
        }
    });
    view! {
        <TextField
            state
            field=Field::Url
            name="url"
            label=t.url_label
            hint=t.url_hint
            class="input code wide-input"
        />
        <fieldset class="field" aria-describedby=describes>
            <legend>{t.causes_legend}</legend>
            {problem_line(error_id, problem)}
            <div class="choices">{boxes.collect_view()}</div>
        </fieldset>
        {proof_fields(state)}
    }
    .part()
}
