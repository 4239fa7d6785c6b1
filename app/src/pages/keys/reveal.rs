use leptos::prelude::*;

use super::proof::proof_when_needed;
use crate::components::{Announcer, Form, HaveItForm, PlainForm, SubmitButton, whole_token};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails, KeyType, RevealedKey};
use crate::server_call::{Loading, ShownKey};
use crate::server_fns::RevealKey;

/// The form that shows a token again, and the token once it has come.
#[derive(Clone, Copy)]
pub(super) struct RevealForm {
    form: Form<RevealKey>,
    shown: RwSignal<Option<RevealedKey>>,
}

impl RevealForm {
    /// A form for the token of `key`.
    pub(super) fn new(key: Loading<ShownKey>) -> Self {
        let (t, announcer) = (texts(), Announcer::here());
        let shown = RwSignal::new(None);
        let form = Form::then(move |token| {
            shown.set(Some(token));
            announcer.say(t.token_shown);
            // The password was just proven, so the form may look different from now on.
            key.refetch();
        });
        Self { form, shown }
    }
}

/// The token: masked, or whole once it was asked for.
/// `ways` tells how to send the one that the address names.
pub(super) fn reveal_panel(key: KeyDetails, ways: String, path: String, form: RevealForm) -> Part {
    let t = texts();
    let smpp = (key.row.key_type == KeyType::Smpp).then(|| {
        view! { <p class="hint">{fill(t.smpp_note, &[("username", &key.row.username)])}</p> }
    });
    let body = move || {
        // The same page may have shown another key before.
        let shown = form.shown.get().or_else(|| key.fresh.clone()).filter(|shown| shown.id == key.row.id);
        match shown {
            Some(shown) => {
                // What came with the page stands at an address; what came in place goes with the page.
                let kept = form.shown.with(Option::is_none);
                view! {
                    <p>{whole_token(shown.token)}</p>
                    {(!kept).then(|| view! { <p class="hint">{t.token_shown_note}</p> })}
                    {kept.then(|| view! {
                        <div class="ways" inner_html=ways.clone()></div>
                        <HaveItForm path=path.clone()/>
                    })}
                }
                .part()
            }
            None if key.can_reveal => masked_token(key.clone(), &path, form),
            None => view! {
                <p><code class="token" translate="no">{key.row.masked_token.clone()}</code></p>
                <p class="hint">{key.may_manage.then_some(t.never_revealed)}</p>
            }
            .part(),
        }
    };
    view! {
        <section class="panel wide">
            <h2>{t.column_key}</h2>
            {body}
            {smpp}
        </section>
    }
    .part()
}

fn masked_token(key: KeyDetails, path: &str, form: RevealForm) -> Part {
    let t = texts();
    let form = form.form;
    let (state, password) = (form.state, proof_when_needed(form.state, &key));
    view! {
        <p><code class="token" translate="no">{key.row.masked_token}</code></p>
        <PlainForm form path=format!("{path}?do=reveal_key") fields=&[Field::Password, Field::Code]>
            <input type="hidden" name="id" value=key.row.id.0/>
            {password}
            <SubmitButton state label=t.show/>
        </PlainForm>
    }
    .part()
}
