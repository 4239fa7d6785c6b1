//! Forms that work as a plain POST, and in place once the page is alive.

use std::marker::PhantomData;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use server_fn::ServerFn;
use web_sys::{HtmlElement, HtmlInputElement, SubmitEvent};

use crate::echo::take_echo;
use crate::i18n::{language, texts};
use crate::json::{FromJson, from_json};
use crate::part::{Inside, IntoPart, Part};
use crate::portal::{Field, PortalError};
use crate::problem_text::form_problem;
use crate::server_fns::last_part;
use crate::session::Session;
use crate::transport::{Method, call, form_arguments};

/// A form for the server function `F`.
pub(crate) struct Form<F> {
    /// All of it that does not depend on `F`.
    pub(crate) state: FormState,
    of: PhantomData<fn() -> F>,
}

impl<F> Clone for Form<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Form<F> {}

impl<F> From<Form<F>> for FormState {
    fn from(form: Form<F>) -> Self {
        form.state
    }
}

impl<F> Form<F>
where
    F: ServerFn<Error = PortalError>,
    F::Output: FromJson,
{
    /// A form that starts with what came back from a refused plain post, if it was this one.
    pub(crate) fn new() -> Self {
        Self { state: FormState::new(F::PATH), of: PhantomData }
    }

    /// Runs `then` in the browser after each success.
    pub(crate) fn on_success(self, then: impl Fn(F::Output) + 'static) {
        self.state.on_success(Box::new(move |json| from_json(json).map(&then)));
    }
}

/// Takes the JSON that a server function returned.
type AfterSuccess = dyn Fn(&str) -> Result<(), PortalError>;

/// What a form sends, and how far that has come.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    /// The endpoint name of the server function.
    pub(crate) name: &'static str,
    /// Why it was refused.
    pub(crate) error: RwSignal<Option<PortalError>>,
    path: &'static str,
    pending: RwSignal<bool>,
    answers: RwSignal<usize>,
    output: StoredValue<String>,
    entered: StoredValue<Vec<(String, String)>>,
}

impl FormState {
    fn new(path: &'static str) -> Self {
        let name = last_part(path);
        let echo = take_echo(name);
        Self {
            name,
            error: RwSignal::new(echo.error),
            path,
            pending: RwSignal::new(false),
            answers: RwSignal::new(0),
            output: StoredValue::new(String::new()),
            entered: StoredValue::new(echo.fields),
        }
    }

    /// What was entered into the field when the form was refused.
    pub(crate) fn entered(self, field: &str) -> Option<String> {
        self.entered.with_value(|fields| {
            let (_, value) = fields.iter().find(|(name, _)| name == field)?;
            Some(value.clone())
        })
    }

    /// What a field holds before anybody fills it in.
    #[cfg(feature = "ssr")]
    pub(crate) fn begin_with(self, field: &str, value: String) {
        if self.error.with_untracked(Option::is_none) {
            self.entered.update_value(|fields| fields.push((field.to_owned(), value)));
        }
    }

    fn on_success(self, then: Box<AfterSuccess>) {
        Effect::new(move |_| {
            if self.answers.get() == 0 || self.error.with_untracked(Option::is_some) {
                return;
            }
            if let Err(error) = then(&self.output.get_value()) {
                self.error.set(Some(error));
            }
        });
    }

    fn submit(self, event: &SubmitEvent) {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        let arguments = form_arguments(event);
        spawn_local(async move { self.settle(call(self.path, Method::Post, arguments).await) });
    }

    fn settle(self, answer: Result<String, PortalError>) {
        let (output, error) = match answer {
            Ok(output) => (output, None),
            Err(error) => (String::new(), Some(error)),
        };
        // By now the page may be gone, and the form with it.
        self.output.try_set_value(output);
        self.error.try_set(error);
        self.pending.try_set(false);
        self.answers.try_update(|n| *n += 1);
    }
}

/// A plain `<form method="post">` that is answered in place once the page is alive.
#[component]
pub(crate) fn PlainForm(
    /// What it sends.
    #[prop(into)]
    form: FormState,
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
    /// Whether it makes something, so that sending it twice must not make two.
    #[prop(optional)]
    once: bool,
    /// The fields and the button.
    children: Inside,
) -> Part {
    let element = NodeRef::<html::Form>::new();
    after_each_answer(form, element, clears);
    view! {
        <form
            method="post"
            action=path
            class=class
            node_ref=element
            novalidate
            on:submit=move |event| form.submit(&event)
        >
            <FormProblem state=form fields/>
            {once.then(|| view! { <input type="hidden" name="once" value=form_number()/> })}
            {children.0}
        </form>
    }
    .part()
}

/// A number that no other form has: the server answers equal posts with the same number as one.
#[cfg(feature = "ssr")]
fn form_number() -> String {
    use_context::<crate::FormNumber>().map(|number| number.0).unwrap_or_default()
}

/// A number that no other form of this session has; nobody has to be kept from guessing it.
#[cfg(not(feature = "ssr"))]
fn form_number() -> String {
    let random = || js_sys::Math::random().to_bits().to_string();
    random() + &random()
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
) -> Part {
    let (t, language) = (texts(), language());
    let problem = move || {
        let problem = state.error.with(|error| form_problem(t, language, error.as_ref()?, fields));
        problem.map(|text| {
            view! { <p class="form-problem" role="alert" tabindex="-1" data-form-problem="">{text}</p> }
        })
    };
    problem.part()
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
