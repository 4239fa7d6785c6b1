use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::i18n::{Language, language, texts};

/// The foot of every page: the choice of the language, as a plain form that loads the page again.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    let t = texts();
    let here = use_location();
    let next = move || {
        let search = here.search.get();
        let mark = if search.is_empty() || search.starts_with('?') { "" } else { "?" };
        format!("{}{mark}{search}", here.pathname.get())
    };
    let buttons = Language::ALL.map(|choice| {
        view! {
            <button
                class="link-button"
                name="language"
                value=choice.code()
                lang=choice.code()
                aria-current=(choice == language()).then_some("true")
            >
                {choice.name()}
            </button>
        }
    });
    view! {
        <footer class="site-footer">
            <p>{t.powered_by}</p>
            <form method="post" action="/language" class="languages" aria-label=t.language_label>
                <input type="hidden" name="next" value=next/>
                {buttons}
            </form>
        </footer>
    }
}
