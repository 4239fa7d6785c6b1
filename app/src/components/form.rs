//! Forms that work as a plain POST, and in place once the page is alive.

use leptos::form::FromFormData;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use serde::de::DeserializeOwned;
use server_fn::error::ServerFnErrorErr;
use server_fn::{ServerFn, error::FromServerFnError};
use web_sys::{HtmlElement, HtmlInputElement, SubmitEvent};

use crate::echo::take_echo;
use crate::i18n::{language, texts};
use crate::portal::{Field, PortalError};
use crate::problem_text::form_problem;
use crate::server_fns::form_name;
use crate::session::Session;

/// A form for the server function `F`: what it sends, and how far that has come.
pub(crate) struct Form<F>
where
    F: ServerFn + 'static,
    F::Output: 'static,
{
    action: ServerAction<F>,
    /// The part that does not depend on what is sent.
    pub(crate) state: FormState,
}

impl<F: ServerFn + 'static> Clone for Form<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ServerFn + 'static> Copy for Form<F> {}

/// What the fields and the button of a form need to know.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    /// The endpoint name of the server function.
    pub(crate) name: &'static str,
    /// Why it was refused.
    pub(crate) error: Signal<Option<PortalError>>,
    pending: Signal<bool>,
    answers: Signal<usize>,
    entered: StoredValue<Vec<(String, String)>>,
}

impl FormState {
    /// What was entered into the field when the form was refused.
    pub(crate) fn entered(self, field: &str) -> Option<String> {
        self.entered.with_value(|fields| {
            let (_, value) = fields.iter().find(|(name, _)| name == field)?;
            Some(value.clone())
        })
    }
}

impl<F> Form<F>
where
    F: ServerFn<Error = PortalError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    /// A form that starts with what came back from a refused plain post, if it was this one.
    pub(crate) fn new() -> Self {
        let action = ServerAction::<F>::new();
        let echo = take_echo(form_name::<F>());
        let (version, value) = (action.version(), action.value());
        let error = Signal::derive(move || {
            if version.get() == 0 {
                return echo.error.clone();
            }
            value.with(|value| value.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
        });
        let state = FormState {
            name: form_name::<F>(),
            error,
            pending: action.pending().into(),
            answers: version.into(),
            entered: StoredValue::new(echo.fields),
        };
        Self { action, state }
    }

    /// Runs `then` in the browser after each success.
    pub(crate) fn on_success(self, then: impl Fn(F::Output) + 'static) {
        let (version, value) = (self.action.version(), self.action.value());
        Effect::new(move |_| {
            if version.get() == 0 {
                return;
            }
            if let Some(Ok(output)) = value.get_untracked() {
                then(output);
            }
        });
    }
}

/// A plain `<form method="post">` that is answered in place once the page is alive.
#[component]
pub(crate) fn PlainForm<F>(
    /// What it sends.
    form: Form<F>,
    /// The page that takes the plain post.
    #[prop(into)]
    path: String,
    /// The fields that show their own errors; all other errors stand above them.
    #[prop(default = &[])]
    fields: &'static [Field],
    /// Its class.
    #[prop(default = "form")]
    class: &'static str,
    /// Whether success empties its text fields.
    #[prop(optional)]
    clears: bool,
    /// The fields and the button.
    children: Children,
) -> impl IntoView
where
    F: ServerFn<Error = PortalError> + DeserializeOwned + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let Form { action, state } = form;
    let element = NodeRef::<html::Form>::new();
    let send = move |event: &SubmitEvent| match F::from_event(event) {
        Ok(input) => {
            action.dispatch(input);
        }
        Err(error) => {
            let error = ServerFnErrorErr::Serialization(error.to_string());
            action.value().set(Some(Err(PortalError::from_server_fn_error(error))));
            action.version().update(|n| *n += 1);
        }
    };
    let on_submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        if !state.pending.get_untracked() {
            send(&event);
        }
    };
    after_each_answer(state, element, clears);
    view! {
        <form method="post" action=path class=class node_ref=element novalidate on:submit=on_submit>
            <FormProblem state fields/>
            {children()}
        </form>
    }
}

/// Leads the eye and the keyboard to what needs attention.
fn after_each_answer(state: FormState, form: NodeRef<html::Form>, clears: bool) {
    let navigate = use_navigate();
    let here = use_location();
    Effect::new(move |_| {
        if state.answers.get() == 0 {
            return;
        }
        match state.error.get_untracked() {
            None if clears => each_text_field(form, |input| input.set_value("")),
            None => {}
            Some(PortalError::SignedOut) => {
                Session::refresh();
                let back = login_path(&here.pathname.get_untracked(), &here.search.get_untracked());
                navigate(&back, NavigateOptions::default());
            }
            // The messages are on the page after the effects of this turn.
            Some(_) => request_animation_frame(move || focus_first_problem(form)),
        }
    });
}

/// The login page that leads back to this address.
pub(crate) fn login_path(path: &str, search: &str) -> String {
    let mut next = path.to_owned();
    if !search.is_empty() {
        next.push('?');
        next.push_str(search.trim_start_matches('?'));
    }
    let next = leptos_router::location::Url::escape(&next);
    format!("/login?next={next}")
}

fn focus_first_problem(form: NodeRef<html::Form>) {
    let Some(form) = form.get_untracked() else { return };
    for what in ["[aria-invalid=true]", "[data-form-problem]"] {
        if let Ok(Some(element)) = form.query_selector(what)
            && let Some(element) = element.dyn_ref::<HtmlElement>()
        {
            let _ = element.focus();
            return;
        }
    }
}

fn each_text_field(form: NodeRef<html::Form>, run: impl Fn(&HtmlInputElement)) {
    let Some(form) = form.get_untracked() else { return };
    let Ok(inputs) = form.query_selector_all("input[type=text],input[type=password]") else {
        return;
    };
    for i in 0..inputs.length() {
        if let Some(input) = inputs.item(i).and_then(|node| node.dyn_into().ok()) {
            run(&input);
        }
    }
}

/// The error of the form as a whole, and those of fields that it does not show.
#[component]
fn FormProblem(
    /// Of which form.
    state: FormState,
    /// The fields that show their own errors.
    fields: &'static [Field],
) -> impl IntoView {
    let (t, language) = (texts(), language());
    move || {
        let problem = state.error.with(|error| form_problem(t, language, error.as_ref()?, fields));
        problem.map(|text| {
            view! { <p class="form-problem" role="alert" tabindex="-1" data-form-problem="">{text}</p> }
        })
    }
}

/// The button that sends the form.
#[component]
pub(crate) fn SubmitButton(
    /// Of which form.
    state: FormState,
    /// What it says.
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
) -> impl IntoView {
    let t = texts();
    let busy = move || state.pending.get();
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
            aria-disabled=move || busy().then_some("true")
            aria-busy=move || busy().then_some("true")
        >
            {move || if busy() { busy_label } else { label }}
        </button>
    }
}
