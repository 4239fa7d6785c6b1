use leptos::prelude::*;

use super::proof::proof_when_needed;
use crate::components::{Form, PlainForm, SubmitButton, form_problem_line, problem_line, problem_of};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails};
use crate::server_fns::{EndOldToken, RotateKey};

/// The fields that show their own errors.
const FIELDS: &[Field] = &[Field::OverlapSeconds, Field::Password, Field::Code];

/// The forms that give a key another token.
#[derive(Clone, Copy)]
pub(super) struct RotationForms {
    /// Gives it one.
    pub(super) rotate: Form<RotateKey>,
    /// Ends the one before.
    pub(super) end: Form<EndOldToken>,
}

/// Another token for a key, unless the one before its present one still passes.
pub(super) fn rotation_panel(key: &KeyDetails, path: &str, form: Form<RotateKey>) -> Part {
    let t = texts();
    if key.has_old_token {
        return ().part();
    }
    view! {
        <section class="panel tall">
            <h2>{t.rotation_heading}</h2>
            {rotate_form(path, key, form)}
        </section>
    }
    .part()
}

/// While the token before passes too: who still uses it, and its end.
pub(super) fn old_token_panel(key: &KeyDetails, html: String, path: &str, forms: RotationForms) -> Part {
    let t = texts();
    if !key.has_old_token {
        return ().part();
    }
    view! {
        <section class="panel wide">
            <h2>{t.old_token_heading}</h2>
            // Another rotation may have been asked for while this one was not on the page yet.
            {form_problem_line(forms.rotate.state, &[])}
            <div class="written" inner_html=html></div>
            {key.may_manage.then(|| end_form(path, key.row.id.0.clone(), forms.end))}
        </section>
    }
    .part()
}

fn rotate_form(path: &str, key: &KeyDetails, form: Form<RotateKey>) -> Part {
    let t = texts();
    let state = form.state;
    let proof = key.row.manages_keys.then(|| proof_when_needed(state, key));
    let chosen = state.entered("overlap_seconds").unwrap_or_else(|| "86400".into());
    let overlaps = [
        ("0", t.overlap_none),
        ("3600", t.overlap_hour),
        ("86400", t.overlap_day),
        ("604800", t.overlap_week),
        ("2592000", t.overlap_month),
    ];
    let overlaps = overlaps.map(|(seconds, text)| {
        view! { <option value=seconds selected=chosen == seconds>{text}</option> }
    });
    view! {
        <PlainForm form path=format!("{path}?do=rotate_key") fields=FIELDS once=true>
            <input type="hidden" name="id" value=key.row.id.0.clone()/>
            <p class="hint">{t.rotation_text}</p>
            <div class="field">
                <label for="overlap">{t.overlap_label}</label>
                <select id="overlap" class="input" name="overlap_seconds" autocomplete="off">{overlaps}</select>
                {problem_line("overlap-error".into(), problem_of(state, Field::OverlapSeconds))}
            </div>
            {proof}
            <SubmitButton state label=t.rotate class="button quiet"/>
        </PlainForm>
    }
    .part()
}

fn end_form(path: &str, id: String, form: Form<EndOldToken>) -> Part {
    view! {
        <PlainForm form path=format!("{path}?do=end_old_token")>
            <input type="hidden" name="id" value=id/>
            <SubmitButton state=form.state label=texts().end_now class="button quiet"/>
        </PlainForm>
    }
    .part()
}
