use leptos::prelude::*;

use super::{FormState, describes, problem_line, problem_of};
use crate::i18n::{Texts, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyType};

/// The name of a key type.
pub(crate) fn type_name(t: &Texts, key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Default => t.type_default,
        KeyType::Cloud => t.type_cloud,
        KeyType::Smpp => t.type_smpp,
        KeyType::App => t.type_app,
    }
}

fn type_meaning(t: &Texts, key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Default => t.type_default_meaning,
        KeyType::Cloud => t.type_cloud_meaning,
        KeyType::Smpp => t.type_smpp_meaning,
        KeyType::App => t.type_app_meaning,
    }
}

/// The choice of a key type, with a sentence on each.
pub(crate) fn type_field(state: FormState) -> Part {
    let t = texts();
    let problem = problem_of(state, Field::KeyType);
    let invalid = Signal::derive(move || problem.with(Option::is_some).then_some("true"));
    let describes = describes(Some("key-types".into()), "key_type-error".into(), problem);
    let chosen = state.entered("key_type").unwrap_or_else(|| KeyType::Default.name().into());
    let options = KeyType::ALL.map(|key_type| {
        let name = key_type.name();
        view! { <option value=name selected=chosen == name>{type_name(t, key_type)}</option> }
    });
    let meanings = KeyType::ALL.map(|key_type| {
        view! {
            <div>
                <dt>{type_name(t, key_type)}</dt>
                <dd>{type_meaning(t, key_type)}</dd>
            </div>
        }
    });
    view! {
        <div class="field">
            <label for="key_type">{t.column_type}</label>
            <select
                id="key_type"
                class="input"
                name="key_type"
                autocomplete="off"
                aria-invalid=invalid
                aria-describedby=describes
            >
                {options}
            </select>
            {problem_line("key_type-error".into(), problem)}
            <dl class="meanings" id="key-types">{meanings}</dl>
        </div>
    }
    .part()
}
