use leptos::prelude::*;

use crate::components::{Form, PlainForm, SubmitButton};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{KeyDetails, LockWidth};
use crate::server_fns::{ReleaseLock, SetLockWidth};

/// The forms of a lock.
#[derive(Clone, Copy)]
pub(super) struct LockForms {
    /// Chooses how wide it is.
    pub(super) width: Form<SetLockWidth>,
    /// Opens it.
    pub(super) release: Form<ReleaseLock>,
}

/// The address that a Default key is locked to.
pub(super) fn lock_panel(key: KeyDetails, path: &str, forms: LockForms) -> Part {
    let t = texts();
    let id = key.row.id.0;
    let locked = key.row.locked_ip.is_some();
    let text = match &key.row.locked_ip {
        Some(_) if key.allow_list.is_empty() => t.locked_text,
        Some(_) => t.locked_with_list_text,
        None if key.allow_list.is_empty() => t.unlocked_text,
        None => t.unlocked_with_list_text,
    };
    let release = (locked && key.may_manage).then(|| {
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
    let width = key.may_manage.then(|| width_form(forms.width, path, id, key.lock_width));
    view! {
        <section class="panel tall">
            <h2>{t.column_locked_on_ip}</h2>
            {key.row.locked_ip.map(|address| view! { <p class="address">{address}</p> })}
            <p>{text}</p>
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
