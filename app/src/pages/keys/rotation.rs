use leptos::prelude::*;

use super::proof::proof_when_needed;
use crate::components::{Form, PlainForm, SubmitButton, Time, form_problem_line, problem_line, problem_of};
use crate::i18n::{fill, group_digits, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, KeyDetails, OldToken};
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
    if key.old_token.is_some() {
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
pub(super) fn old_token_panel(key: &KeyDetails, path: &str, forms: RotationForms) -> Part {
    let t = texts();
    let Some(old) = key.old_token.clone() else { return ().part() };
    view! {
        <section class="panel wide">
            <h2>{t.old_token_heading}</h2>
            // Another rotation may have been asked for while this one was not on the page yet.
            {form_problem_line(forms.rotate.state, &[])}
            {old_token(old)}
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

/// What still uses the token before.
fn old_token(old: OldToken) -> Part {
    let (t, language) = (texts(), language());
    let count = |count| group_digits(language, count);
    let share = |[old, all]: [u64; 2]| fill(t.old_token_share, &[("old", &count(old)), ("all", &count(all))]);
    let addresses = old.addresses.into_iter().map(|(address, uses)| {
        view! { <li><span class="address">{address}</span> <span>{count(uses)}</span></li> }
    });
    let advice = if old.is_safe_to_end { t.old_token_silent } else { t.old_token_in_use };
    view! {
        <p>{t.old_token_text} " " <code class="token" translate="no">{old.masked_token}</code></p>
        <dl class="facts">
            <div><dt>{t.old_token_until}</dt><dd><Time moment=Some(old.until)/></dd></div>
            <div><dt>{t.used_today}</dt><dd>{share(old.today)}</dd></div>
            <div><dt>{t.used_yesterday}</dt><dd>{share(old.yesterday)}</dd></div>
        </dl>
        <ul class="addresses">{addresses.collect_view()}</ul>
        <p>{advice}</p>
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
