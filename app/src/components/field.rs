use leptos::prelude::*;

use super::FormState;
use crate::i18n::{language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::problem_text::field_problem;

/// What kind of text a field takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text that may be read by others.
    Text,
    /// A username.
    #[cfg(feature = "ssr")]
    Username,
    /// A mail address.
    #[cfg(feature = "ssr")]
    Email,
    /// The password of somebody who has one.
    CurrentPassword,
    /// A password to be chosen.
    #[cfg(feature = "ssr")]
    NewPassword,
    /// A code that counts once.
    Code,
    /// A date with a time.
    DateTime,
}

impl Kind {
    fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Code => "text",
            Self::DateTime => "datetime-local",
            Self::CurrentPassword => "password",
            #[cfg(feature = "ssr")]
            Self::Username => "text",
            #[cfg(feature = "ssr")]
            Self::Email => "email",
            #[cfg(feature = "ssr")]
            Self::NewPassword => "password",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            Self::Text | Self::DateTime => "off",
            #[cfg(feature = "ssr")]
            Self::Username => "username",
            #[cfg(feature = "ssr")]
            Self::Email => "email",
            Self::CurrentPassword => "current-password",
            #[cfg(feature = "ssr")]
            Self::NewPassword => "new-password",
            Self::Code => "one-time-code",
        }
    }
}

/// The name whose password a form asks for: out of sight and never sent, it tells password managers which entry is
/// meant. They do not read hidden fields.
pub(crate) fn own_username_input(name: String) -> Part {
    view! {
        <input
            type="text"
            class="visually-hidden"
            value=name
            autocomplete="username"
            readonly
            tabindex="-1"
            aria-hidden="true"
        />
    }
    .part()
}

/// Where a user proves again who they are.
pub(crate) fn proof_fields(
    state: FormState,
    username: String,
    code_needed: bool,
    hint: &'static str,
) -> Part {
    let t = texts();
    view! {
        {own_username_input(username)}
        <TextField
            state
            field=Field::Password
            name="password"
            label=t.password
            kind=Kind::CurrentPassword
            hint
        />
        {code_needed.then(|| view! {
            <TextField state field=Field::Code name="code" label=t.code kind=Kind::Code hint=t.code_hint/>
        })}
    }
    .part()
}

/// What is wrong with a field now, in words.
pub(crate) fn problem_of(state: FormState, field: Field) -> Signal<Option<String>> {
    let (t, language) = (texts(), language());
    Signal::derive(move || state.error.with(|error| field_problem(t, language, error.as_ref()?, field)))
}

/// A labelled text field with its hint and its error.
#[component]
pub(crate) fn TextField(
    /// The state of its form.
    state: FormState,
    /// Which field it is to the server.
    field: Field,
    /// Its name in the form.
    name: &'static str,
    /// What it is called on the page.
    label: &'static str,
    /// The kind of text it takes.
    #[prop(default = Kind::Text)]
    kind: Kind,
    /// A sentence that helps to fill it.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// A class for the input.
    #[prop(default = "input")]
    class: &'static str,
    /// What it holds before anybody fills it in.
    #[prop(default = None)]
    value: Option<String>,
) -> Part {
    let id = format!("{}-{name}", state.name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let problem = problem_of(state, field);
    let invalid = Signal::derive(move || problem.with(Option::is_some).then_some("true"));
    let describes = describes(hint.is_some().then(|| hint_id.clone()), error_id.clone(), problem);
    let start_here = problem.with_untracked(Option::is_some);
    let value = state.entered(name).or(value);
    // With seconds a browser asks for seconds, so only a time that has some has them.
    let step =
        (kind == Kind::DateTime && value.as_ref().is_some_and(|value| value.len() > 16)).then_some("1");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <input
                id=id
                class=class
                type=kind.input_type()
                name=name
                value=value
                step=step
                autocomplete=kind.autocomplete()
                autocapitalize=(!matches!(kind, Kind::Text | Kind::DateTime)).then_some("none")
                spellcheck="false"
                autofocus=start_here
                aria-invalid=invalid
                aria-describedby=describes
            />
            {problem_line(error_id, problem)}
        </div>
    }
    .part()
}

/// The `aria-describedby` of a field: the hint always, the error when there is one.
pub(crate) fn describes(
    hint_id: Option<String>,
    error_id: String,
    problem: Signal<Option<String>>,
) -> Signal<Option<String>> {
    Signal::derive(move || match (&hint_id, problem.with(Option::is_some)) {
        (Some(hint), true) => Some(format!("{error_id} {hint}")),
        (Some(hint), false) => Some(hint.clone()),
        (None, true) => Some(error_id.clone()),
        (None, false) => None,
    })
}

/// The error under a field.
pub(crate) fn problem_line(id: String, problem: Signal<Option<String>>) -> Part {
    let problem =
        move || problem.get().map(|text| view! { <p class="field-problem" id=id.clone()>{text}</p> });
    problem.part()
}
