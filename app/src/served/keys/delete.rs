use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::part::{asked, id_of_address};
use super::super::texts::{KeyTexts, Served};
use crate::components::{Form, FormState, PageHeading, PlainForm, forbidden_view};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, KeyId};
use crate::server_fns::{DeleteKey, find_key, key_path};

/// Asks once more before a key is deleted.
pub(crate) fn delete_page() -> Part {
    // The query of the list from which it was asked for.
    let back = use_query_map().with_untracked(|query| query.get("back")).unwrap_or_default();
    let form = Form::<DeleteKey>::new().state;
    asked(find_key(KeyId(id_of_address())), move |found| {
        let key = found.key;
        if !key.may_manage {
            return forbidden_view();
        }
        question(key, form, form.entered("back").unwrap_or(back))
    })
}

fn question(key: KeyDetails, form: FormState, back: String) -> Part {
    let (t, all) = (KeyTexts::here(), texts());
    let row = key.row;
    let path = key_path(&row.id);
    let question = fill(t.delete_question, &[("description", &row.description)]);
    view! {
        <PageHeading/>
        <section class="panel">
            <p>{question}</p>
            <p><code class="token" translate="no">{row.masked_token}</code></p>
            <p>{all.delete_consequence}</p>
            <PlainForm form path=format!("{path}/delete") once=true>
                <input type="hidden" name="id" value=row.id.0/>
                <input type="hidden" name="back" value=back/>
                <div class="buttons">
                    <button class="button danger">{all.delete}</button>
                    <a class="button quiet" href=path rel="external">{t.keep_key}</a>
                </div>
            </PlainForm>
        </section>
    }
    .part()
}
