//! What a form does in the browser once its server function has returned, beside what its page does.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::hooks::use_location;
use web_sys::{HtmlElement, HtmlFormElement, HtmlInputElement};

use crate::portal::PortalError;

/// What a form does with each result.
#[derive(Clone, Copy)]
pub(super) struct AfterSubmit {
    login: Signal<String>,
    clears: bool,
}

impl AfterSubmit {
    /// For a form of this page; `clears` empties its text fields after success.
    pub(super) fn here(clears: bool) -> Self {
        Self { login: here_after_login(), clears }
    }

    /// Leads the eye and the keyboard to what needs attention.
    pub(super) fn lead(self, form: Option<HtmlFormElement>, error: Option<&PortalError>) {
        let Some(form) = form else { return };
        match error {
            None if self.clears => each_text_field(&form, |input| input.set_value("")),
            None => {}
            Some(PortalError::SignedOut) => {
                // The form may have been drawn anew meanwhile, and this belongs to the one before.
                let login = self.login.try_get_untracked().unwrap_or_else(|| "/login".to_owned());
                let _ = window().location().set_href(&login);
            }
            // The messages are on the page after the effects of this turn.
            Some(_) => request_animation_frame(move || focus_first_problem(&form)),
        }
    }
}

/// The login page that leads back to where the browser is.
fn here_after_login() -> Signal<String> {
    let here = use_location();
    Signal::derive(move || login_path(&here.pathname.get(), &here.search.get()))
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

fn focus_first_problem(form: &HtmlFormElement) {
    for what in ["[aria-invalid=true]", "[data-form-problem]"] {
        if let Ok(Some(element)) = form.query_selector(what)
            && let Some(element) = element.dyn_ref::<HtmlElement>()
        {
            let _ = element.focus();
            return;
        }
    }
}

fn each_text_field(form: &HtmlFormElement, run: impl Fn(&HtmlInputElement)) {
    let Ok(inputs) = form.query_selector_all("input[type=text],input[type=password]") else {
        return;
    };
    for i in 0..inputs.length() {
        if let Some(input) = inputs.item(i).and_then(|node| node.dyn_into().ok()) {
            run(&input);
        }
    }
}
