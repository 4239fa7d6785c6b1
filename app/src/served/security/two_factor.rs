use leptos::prelude::*;

use super::super::part::own_username;
use super::super::texts::{SecurityTexts, Served};
use crate::components::{Form, FormState, HaveItForm, Kind, PlainForm, SubmitButton, TextField};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Enrolment, Field, QrCode, Security};
use crate::server_fns::{BeginTwoFactor, ConfirmTwoFactor, MakeRecoveryCodes, SwitchTwoFactorOff};

/// The fields of a form that asks for password and code.
const FIELDS: &[Field] = &[Field::Password, Field::Code];
/// Squares around a QR code that stay empty.
const MARGIN: u32 = 4;

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
            <HaveItForm path="/account/profile"/>
        </section>
    };
    Some(panel.part())
}

/// Where the second factor is switched on and off.
pub(super) fn two_factor_panel(security: Security) -> Part {
    let t = SecurityTexts::here();
    let body = match (security.two_factor, security.enrolment) {
        (true, _) => factor_is_on(security.recovery_codes_left),
        (false, Some(enrolment)) => confirmation_form(enrolment),
        (false, None) => offer(),
    };
    view! {
        <section class="panel" id="two-factor">
            <h2>{t.two_factor_heading}</h2>
            {body}
        </section>
    }
    .part()
}

fn offer() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<BeginTwoFactor>::new();
    view! {
        <p>{t.two_factor_off}</p>
        <PlainForm form path="/account/profile?do=begin_two_factor" fields=FIELDS once=true>
            {super::super::proof::proof_fields(form.state)}
            <SubmitButton state=form.state label=t.set_up_two_factor/>
        </PlainForm>
    }
    .part()
}

fn confirmation_form(enrolment: Enrolment) -> Part {
    let t = SecurityTexts::here();
    let form = Form::<ConfirmTwoFactor>::new();
    view! {
        <p>{t.scan_text}</p>
        {qr_image(enrolment.qr)}
        <p>{t.secret_text}</p>
        <p><code class="token" translate="no" id="two-factor-secret">{enrolment.secret.0}</code></p>
        <PlainForm form path="/account/profile?do=confirm_two_factor" fields=FIELDS once=true>
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
