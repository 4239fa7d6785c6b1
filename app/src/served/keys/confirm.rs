use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::super::part::asked;
use super::super::texts::{KeyTexts, Served};
use super::CONFIRM;
use crate::components::{Form, FormState, PageHeading, PlainForm, forbidden_view, type_name};
use crate::i18n::{Plural, language, plural, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyRow, SeveralKeys};
use crate::server_fns::{DeleteKeys, PauseKeys, find_several, key_path, list_path};

/// Asks once more before something is done to several keys, and names them.
pub(crate) fn confirm_page() -> Part {
    let query = use_location().search.get_untracked();
    let (delete, pause) = (Form::<DeleteKeys>::new(), Form::<PauseKeys>::new());
    asked(find_several(query.clone()), move |several| {
        if !several.may_manage {
            return forbidden_view();
        }
        if several.rows.is_empty() {
            return nothing(&several.back);
        }
        let form = if several.deletes { delete.state } else { pause.state };
        question(several, form, &query)
    })
}

fn nothing(back: &str) -> Part {
    let t = KeyTexts::here();
    view! {
        <PageHeading/>
        <p>{t.nothing_selected}</p>
        <p><a class="button" href=list_path(back) rel="external">{t.back}</a></p>
    }
    .part()
}

fn question(several: SeveralKeys, form: FormState, query: &str) -> Part {
    let t = KeyTexts::here();
    let count = several.rows.len() as u64;
    let in_number = |one, few, many| plural(language(), count, Plural { one, few, many });
    let (question, consequence, button, class) = if several.deletes {
        (
            in_number(t.delete_question_one, t.delete_question_few, t.delete_question_many),
            t.delete_consequence,
            in_number(t.delete_button_one, t.delete_button_few, t.delete_button_many),
            "button danger",
        )
    } else {
        (
            in_number(t.pause_question_one, t.pause_question_few, t.pause_question_many),
            t.pause_consequence,
            in_number(t.pause_button_one, t.pause_button_few, t.pause_button_many),
            "button",
        )
    };
    let ids: Vec<_> = several.rows.iter().map(|row| row.id.0.as_str()).collect();
    let ids = ids.join(" ");
    // The keys stay in the address, so that a refused form names them again.
    let path = format!("{CONFIRM}?do={}&{}", form.name, query.trim_start_matches('?'));
    view! {
        <PageHeading/>
        <section class="panel">
            <p>{question}</p>
            <ul class="named-keys">{several.rows.into_iter().map(named).collect_view()}</ul>
            <p>{consequence}</p>
            <PlainForm form path=path once=true>
                <input type="hidden" name="ids" value=ids/>
                <input type="hidden" name="back" value=several.back.clone()/>
                <div class="buttons">
                    <button class=class>{button}</button>
                    <a class="button quiet" href=list_path(&several.back) rel="external">{t.keep}</a>
                </div>
            </PlainForm>
        </section>
    }
    .part()
}

/// A key by its name, and what tells it from another one of the same name.
fn named(row: KeyRow) -> Part {
    view! {
        <li>
            <a href=key_path(&row.id) rel="external">{row.description}</a>
            " " <span class="hint">{row.username} " · " {type_name(texts(), row.key_type)}</span>
            " " <code class="token" translate="no">{row.masked_token}</code>
        </li>
    }
    .part()
}
