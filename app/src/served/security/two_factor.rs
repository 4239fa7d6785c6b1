use leptos::prelude::*;

use super::super::part::own_username;
use super::super::texts::{SecurityTexts, Served};
use crate::components::{Form, FormState, HaveItForm, Kind, PlainForm, SubmitButton, TextField};
use crate::i18n::{Language, fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Code, Enrolment, Field, QrCode, Security};
use crate::server_call::made;
use crate::server_fns::{
    BeginTwoFactor, CancelTwoFactor, ConfirmTwoFactor, MakeRecoveryCodes, SwitchTwoFactorOff,
    shown_enrolment, with_made,
};

/// The fields of a form that asks for password and code.
const FIELDS: &[Field] = &[Field::Password, Field::Code];
/// Where a secret is confirmed.
const CONFIRM: &str = "/account/profile?do=confirm_two_factor";
/// Squares around a QR code that stay empty.
const MARGIN: u32 = 4;

/// Where the recovery codes come as a file, while the page shows them.
pub const CODES_FILE: &str = "/account/profile/recovery-codes";

/// The lines of that file.
#[must_use]
pub fn codes_file(language: Language, username: &str, codes: &[Code]) -> String {
    let t = SecurityTexts::in_language(language);
    let head = fill(t.codes_file_head, &[("username", &username)]);
    let lines = [head.as_str(), t.codes_text, ""].into_iter().chain(codes.iter().map(|code| code.0.as_str()));
    lines.map(|line| format!("{line}\r\n")).collect()
}

/// Recovery codes that the address names.
pub(super) fn codes_panel(security: &Security) -> Option<Part> {
    let t = SecurityTexts::here();
    let codes = security.recovery_codes.as_ref()?;
    let codes = codes.iter().map(|code| view! { <li><code class="token">{code.0.clone()}</code></li> });
    let codes = codes.collect_view();
    let panel = view! {
        <section class="panel wide" id="recovery-codes">
            <h2>{t.codes_heading}</h2>
            <p>{t.codes_text}</p>
            <ol class="recovery-codes" translate="no">{codes}</ol>
            <p><a href=with_made(CODES_FILE, &made().get_untracked()) rel="external" download="">{t.codes_file}</a></p>
            <HaveItForm path="/account/profile"/>
        </section>
    };
    Some(panel.part())
}

/// Where the second factor is switched on and off.
pub(super) fn two_factor_panel(security: &Security) -> Part {
    let t = SecurityTexts::here();
    let body = match (security.two_factor, security.enrolling) {
        (true, _) => factor_is_on(security.recovery_codes_left),
        (false, true) => set_up_is_under_way(),
        (false, false) => view! { <p>{t.two_factor_off}</p> {begin_form(t.set_up_two_factor)} }.part(),
    };
    view! {
        <section class="panel" id="two-factor">
            <h2>{t.two_factor_heading}</h2>
            {body}
        </section>
    }
    .part()
}

fn begin_form(label: &'static str) -> Part {
    let form = Form::<BeginTwoFactor>::new();
    view! {
        <PlainForm form path="/account/profile?do=begin_two_factor" fields=FIELDS once=true>
            {super::super::proof::proof_fields(form.state)}
            <SubmitButton state=form.state label/>
        </PlainForm>
    }
    .part()
}

/// The secret stands at the address that its making led to. Elsewhere the set-up can be begun again or left, and a
/// confirmation that was refused be mended.
fn set_up_is_under_way() -> Part {
    let t = SecurityTexts::here();
    let (confirm, cancel) = (Form::<ConfirmTwoFactor>::new(), Form::<CancelTwoFactor>::new());
    let begin = match (shown_enrolment(), has_problem(confirm.state)) {
        (Some(enrolment), _) => {
            // A wrong code leads back to the secret, not away from it.
            let path = with_made(CONFIRM, &made().get_untracked());
            view! { {secret(enrolment)} {confirmation_form(confirm, path)} }.part()
        }
        (None, true) => view! { {confirmation_form(confirm, CONFIRM.to_owned())} {again()} }.part(),
        (None, false) => again(),
    };
    view! {
        {begin}
        <PlainForm form=cancel path="/account/profile?do=cancel_two_factor">
            <SubmitButton state=cancel.state label=t.cancel_set_up class="button quiet"/>
        </PlainForm>
    }
    .part()
}

fn again() -> Part {
    let t = SecurityTexts::here();
    view! { <p>{t.set_up_waits}</p> {begin_form(t.begin_again)} }.part()
}

fn secret(enrolment: Enrolment) -> Part {
    let t = SecurityTexts::here();
    view! {
        <p>{t.scan_text}</p>
        {qr_image(enrolment.qr)}
        <p>{t.secret_text}</p>
        <p><code class="token" translate="no" id="two-factor-secret">{enrolment.secret.0}</code></p>
        <p class="hint">{t.secret_hint}</p>
    }
    .part()
}

fn confirmation_form(form: Form<ConfirmTwoFactor>, path: String) -> Part {
    let t = SecurityTexts::here();
    view! {
        <PlainForm form path fields=FIELDS once=true>
            {proof_fields(form.state)}
            <SubmitButton state=form.state label=t.switch_on/>
        </PlainForm>
    }
    .part()
}

fn factor_is_on(codes_left: u32) -> Part {
    let t = SecurityTexts::here();
    let (codes, off) = (Form::<MakeRecoveryCodes>::new(), Form::<SwitchTwoFactorOff>::new());
    view! {
        <p>{t.two_factor_on}</p>
        <p>{fill(t.codes_left, &[("count", &codes_left)])}</p>
        <details open=has_problem(codes.state)>
            <summary>{t.make_codes}</summary>
            <p class="hint">{t.make_codes_hint}</p>
            <PlainForm form=codes path="/account/profile?do=make_recovery_codes" fields=FIELDS once=true>
                {proof_fields(codes.state)}
                <SubmitButton state=codes.state label=t.make_codes/>
            </PlainForm>
        </details>
        <details open=has_problem(off.state)>
            <summary>{t.switch_off}</summary>
            <p class="hint">{t.switch_off_hint}</p>
            <PlainForm form=off path="/account/profile?do=switch_two_factor_off" fields=FIELDS once=true>
                {proof_fields(off.state)}
                <SubmitButton state=off.state label=t.switch_off class="button danger"/>
            </PlainForm>
        </details>
    }
    .part()
}

fn has_problem(state: FormState) -> bool {
    state.error.with_untracked(Option::is_some)
}

fn proof_fields(state: FormState) -> Part {
    let t = SecurityTexts::here();
    view! {
        {own_username()}
        <TextField
            state
            field=Field::Password
            name="password"
            label=t.present_password
            kind=Kind::CurrentPassword
        />
        <TextField
            state
            field=Field::Code
            name="code"
            label=texts().code
            kind=Kind::Code
            class="input code"
            hint=texts().code_hint
        />
    }
    .part()
}

fn qr_image(qr: QrCode) -> Part {
    let t = SecurityTexts::here();
    let side = qr.size + 2 * MARGIN;
    let view_box = format!("-{MARGIN} -{MARGIN} {side} {side}");
    // Dark on light also where the page is dark: not every camera reads the opposite.
    view! {
        <svg class="qr" viewBox=view_box role="img" aria-label=t.qr_label shape-rendering="crispEdges">
            <rect x="-4" y="-4" width=side height=side fill="#fff"></rect>
            <path d=qr.path fill="#000"></path>
        </svg>
    }
    .part()
}
