use leptos::prelude::*;

use crate::components::{Form, PlainForm, SubmitButton};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, KeyType, LockWidth};
use crate::server_fns::{ReleaseLock, SetLockWidth};

/// The forms of a lock.
#[derive(Clone, Copy)]
pub(super) struct LockForms {
    /// Chooses how wide it is.
    pub(super) width: Form<SetLockWidth>,
    /// Opens it.
    pub(super) release: Form<ReleaseLock>,
}

/// The address that a key is locked to, which `html` tells, and for those that are locked what can be done about it.
pub(super) fn lock_panel(key: &KeyDetails, html: String, path: &str, forms: LockForms) -> Part {
    let t = texts();
    let id = key.row.id.0.clone();
    let locks = key.row.key_type == KeyType::Default;
    let may = locks && key.may_manage;
    let release = (may && key.is_locked).then(|| {
        let id = id.clone();
        let state = forms.release.state;
        view! {
            <PlainForm form=forms.release path=format!("{path}?do=release_lock")>
                <input type="hidden" name="id" value=id/>
                <p class="hint">{t.release_hint}</p>
                <SubmitButton state label=t.release_lock class="button quiet"/>
            </PlainForm>
        }
    });
    let width = may.then(|| width_form(forms.width, path, id, key.lock_width));
    view! {
        <section class="panel" class:tall=locks>
            <h2>{t.column_locked_on_ip}</h2>
            <div class="written" inner_html=html></div>
            {release}
            {width}
        </section>
    }
    .part()
}

fn width_form(form: Form<SetLockWidth>, path: &str, id: String, width: LockWidth) -> Part {
    let t = texts();
    let choices = [(LockWidth::Exact, "exact", t.width_exact), (LockWidth::Net64, "net64", t.width_net64)];
    let choices = choices.map(|(choice, value, label)| {
        view! {
            <label class="choice">
                <input type="radio" name="width" value=value autocomplete="off" checked=choice == width/>
                <span>{label}</span>
            </label>
        }
    });
    view! {
        <PlainForm form path=format!("{path}?do=set_lock_width")>
            <input type="hidden" name="id" value=id/>
            <fieldset>
                <legend>{t.width_legend}</legend>
                {choices}
            </fieldset>
            <SubmitButton state=form.state label=t.save described=fill("{save}: {what}", &[("save", &t.save), ("what", &t.width_legend)]) class="button quiet"/>
        </PlainForm>
    }
    .part()
}
