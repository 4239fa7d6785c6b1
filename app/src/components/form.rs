//! Forms that work as a plain POST, and in place once the page is alive.

mod after;
mod parts;

pub(crate) use after::login_path;
pub(crate) use parts::*;

use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use web_sys::SubmitEvent;

use after::AfterSubmit;

use crate::echo::take_echo;
use crate::part::{Inside, IntoPart, Part};
use crate::portal::{Field, PortalError};
use crate::server_fns::last_part;
use crate::transport::{form_arguments, from_json, post};

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

impl<F: ServerFn<Error = PortalError>> Form<F> {
    /// A form of a served page: the server leads on after it.
    #[cfg(feature = "ssr")]
    pub(crate) fn new() -> Self {
        Self::of(Arc::new(|_| Ok(())))
    }

    /// A form that runs `then` in the browser each time the server function has returned.
    pub(crate) fn then(then: impl Fn(F::Output) + Send + Sync + 'static) -> Self
    where
        F::Output: DeserializeOwned,
    {
        Self::of(Arc::new(move |json| from_json(json).map(&then)))
    }

    fn of(then: Arc<Then>) -> Self {
        Self { state: FormState::new(F::PATH, then), of: PhantomData }
    }
}

/// Takes the JSON that a server function returned.
type Then = dyn Fn(&str) -> Result<(), PortalError> + Send + Sync;

/// What a form sends, and how far that has come.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    /// The endpoint name of the server function.
    pub(crate) name: &'static str,
    /// Why it was refused.
    pub(crate) error: RwSignal<Option<PortalError>>,
    path: &'static str,
    pending: RwSignal<bool>,
    entered: StoredValue<Vec<(String, String)>>,
    then: StoredValue<Arc<Then>>,
}

impl FormState {
    /// Starts with what came back from a refused plain post, if it was this form.
    fn new(path: &'static str, then: Arc<Then>) -> Self {
        let name = last_part(path);
        let echo = take_echo(name);
        Self {
            name,
            error: RwSignal::new(echo.error),
            path,
            pending: RwSignal::new(false),
            entered: StoredValue::new(echo.fields),
            then: StoredValue::new(then),
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

    fn submit(self, event: &SubmitEvent, after: AfterSubmit) {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        let arguments = form_arguments(event);
        let form = event.target().and_then(|form| form.dyn_into().ok());
        spawn_local(async move {
            let answer = post(self.path, arguments).await;
            // By now the page may be gone, and the form with it.
            if self.pending.try_set(false).is_some() {
                return;
            }
            let error = answer.and_then(|json| self.then.get_value()(&json)).err();
            after.lead(form, error.as_ref());
            self.error.try_set(error);
        });
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
    /// Whether the browser checks it: a date of which a part is missing would be sent as none.
    #[prop(optional)]
    checked: bool,
    /// The fields and the button.
    children: Inside,
) -> Part {
    let after = AfterSubmit::here(clears);
    view! {
        <form
            method="post"
            action=path
            class=class
            novalidate=!checked
            on:submit=move |event| form.submit(&event, after)
        >
            {form_problem_line(form, fields)}
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
