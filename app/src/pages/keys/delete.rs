use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::key_of_address;
use crate::components::{Announcer, Form, Loaded, PageHeading, PlainForm, SubmitButton, forbidden_view};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::KeyDetails;
use crate::server_fns::{DeleteKey, key_path, list_path};

/// Asks once more before a key is deleted.
#[component]
pub(crate) fn DeleteKeyPage() -> Part {
    let t = texts();
    let key = key_of_address();
    let (announcer, navigate) = (Announcer::here(), use_navigate());
    // The query of the list from which it was asked for.
    let back = use_query_map().with_untracked(|query| query.get("back")).unwrap_or_default();
    let list = list_path(&back);
    let form = Form::<DeleteKey>::then(move |()| {
        announcer.say(t.key_deleted);
        navigate(&list, NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
    view! { <Loaded from=key show=move |key| confirm_delete(key, form, back.clone())/> }.part()
}

fn confirm_delete(key: KeyDetails, form: Form<DeleteKey>, back: String) -> Part {
    let t = texts();
    if !key.may_manage {
        return forbidden_view();
    }
    let row = key.row;
    let path = key_path(&row.id);
    let back = form.state.entered("back").unwrap_or(back);
    let question = fill(t.delete_question, &[("description", &row.description)]);
    view! {
        <PageHeading/>
        <section class="panel">
            <p>{question}</p>
            <p><code class="token" translate="no">{row.masked_token}</code></p>
            <p>{t.delete_consequence}</p>
            <PlainForm form path=format!("{path}/delete") once=true>
                <input type="hidden" name="id" value=row.id.0/>
                <input type="hidden" name="back" value=back/>
                <div class="buttons">
                    <SubmitButton state=form.state label=t.delete class="button danger"/>
                    <a class="button quiet" href=path>{t.keep_key}</a>
                </div>
            </PlainForm>
        </section>
    }
    .part()
}
