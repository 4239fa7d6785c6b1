//! What stands in a form beside its fields: its error and its button.

use leptos::prelude::*;

use super::FormState;
use crate::i18n::{language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError};
use crate::problem_text::form_problem;

/// The error of the form as a whole, and those of fields that it does not show.
pub(crate) fn form_problem_line(state: FormState, fields: &'static [Field]) -> Part {
    let (t, language) = (texts(), language());
    // A page that comes with an error begins at it: at the first field that has one, or here.
    let in_a_field = |error: &PortalError| fields.iter().any(|field| error.problem_of(*field).is_some());
    let start_here =
        state.error.with_untracked(|error| error.as_ref().is_some_and(|error| !in_a_field(error)));
    let problem = move || {
        let problem = state.error.with(|error| form_problem(t, language, error.as_ref()?, fields));
        problem.map(|text| {
            view! {
                <p class="form-problem" role="alert" tabindex="-1" data-form-problem="" autofocus=start_here>{text}</p>
            }
        })
    };
    problem.part()
}

/// The button that sends the form.
#[component]
pub(crate) fn SubmitButton(
    /// The state of its form.
    state: FormState,
    /// The text on it.
    label: &'static str,
    /// Its class.
    #[prop(default = "button")]
    class: &'static str,
    /// A name for screen readers, where the label alone says too little.
    #[prop(optional)]
    described: Option<String>,
    /// The field it fills, if it does.
    #[prop(optional)]
    name: Option<&'static str>,
    /// What it fills the field with.
    #[prop(optional)]
    value: Option<String>,
) -> Part {
    let t = texts();
    let busy = Signal::derive(move || state.pending.get().then_some("true"));
    // One of several buttons keeps its words: which one was pressed is not known here.
    let busy_label = if value.is_some() { label } else { t.working };
    // Not `disabled`: that would throw the keyboard's focus away.
    view! {
        <button
            type="submit"
            class=class
            name=name
            value=value
            aria-label=described
            aria-disabled=busy
            aria-busy=busy
        >
            {Signal::derive(move || if state.pending.get() { busy_label } else { label })}
        </button>
    }
    .part()
}
