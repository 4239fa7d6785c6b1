use leptos::prelude::*;

use super::super::part::{asked, id_of_address};
use super::super::proof::proof_fields;
use super::super::texts::{Served, WebhookTexts};
use super::choices::{FIELDS, choice_fields};
use super::deliveries::deliveries_section;
use super::list::state;
use super::{done_notice, fresh_notice};
use crate::components::{Form, PageHeading, PlainForm, SubmitButton, Time};
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, WebhookDetails, WebhookId, WebhookRow};
use crate::server_fns::{
    ChangeWebhook, EnableWebhook, RemoveWebhook, ResendDelivery, RotateWebhookSecret, TestWebhook,
    find_webhook, webhook_path,
};

/// The fields of a proof, which show their own errors.
const PROOF: &[Field] = &[Field::Password, Field::Code];

/// The forms of a webhook's page.
#[derive(Clone, Copy)]
struct Forms {
    change: Form<ChangeWebhook>,
    rotate: Form<RotateWebhookSecret>,
    enable: Form<EnableWebhook>,
    test: Form<TestWebhook>,
    resend: Form<ResendDelivery>,
}

/// One webhook: what it tells, how it goes, what was sent.
pub(crate) fn webhook_page() -> Part {
    let forms = Forms {
        change: Form::new(),
        rotate: Form::new(),
        enable: Form::new(),
        test: Form::new(),
        resend: Form::new(),
    };
    asked(find_webhook(WebhookId(id_of_address())), move |webhook| show(webhook, forms))
}

fn show(webhook: WebhookDetails, forms: Forms) -> Part {
    let t = WebhookTexts::here();
    let row = webhook.row;
    let path = webhook_path(&row.id);
    let (causes, is_on) = (webhook.causes, row.off_since.is_none());
    view! {
        <p class="way-up"><a href="/account/webhooks">{t.heading}</a></p>
        <PageHeading/>
        <p class="subtitle address">{row.url.clone()}</p>
        {done_notice()}
        {fresh_notice(webhook.fresh, &path)}
        <div class="parts">
            {state_panel(row.clone(), &path, forms)}
            {secret_panel(row.clone(), &path, forms.rotate)}
            {choices_panel(row.clone(), &path, forms.change, causes)}
            {deliveries_section(row.id, forms.resend, webhook.deliveries, is_on)}
        </div>
        <p><a class="danger-link" href=format!("{path}/remove")>{t.remove_link}</a></p>
    }
    .part()
}

fn state_panel(row: WebhookRow, path: &str, forms: Forms) -> Part {
    let t = WebhookTexts::here();
    let (is_off, state) = (row.off_since.is_some(), state(t, &row));
    let form = if is_off {
        view! {
            <p>{t.off_text}</p>
            <PlainForm form=forms.enable path=format!("{path}?do=enable_webhook") fields=PROOF>
                <input type="hidden" name="id" value=row.id.0/>
                {proof_fields(forms.enable.state)}
                <SubmitButton state=forms.enable.state label=t.enable/>
            </PlainForm>
        }
        .part()
    } else {
        view! {
            <PlainForm form=forms.test path=format!("{path}?do=test_webhook") once=true>
                <input type="hidden" name="id" value=row.id.0/>
                <p class="hint">{t.test_hint}</p>
                <SubmitButton state=forms.test.state label=t.test/>
            </PlainForm>
        }
        .part()
    };
    view! {
        <section class="panel">
            <h2>{t.column_state}</h2>
            <dl class="facts">
                <div><dt>{t.column_state}</dt><dd>{state}</dd></div>
                <div><dt>{t.column_added}</dt><dd><Time moment=Some(row.created)/></dd></div>
            </dl>
            {form}
        </section>
    }
    .part()
}

fn secret_panel(row: WebhookRow, path: &str, form: Form<RotateWebhookSecret>) -> Part {
    let t = WebhookTexts::here();
    view! {
        <section class="panel">
            <h2>{t.secret_heading}</h2>
            <p>{t.secret_text}</p>
            <PlainForm form path=format!("{path}?do=rotate_webhook_secret") fields=PROOF once=true>
                <input type="hidden" name="id" value=row.id.0/>
                <p class="hint">{t.rotate_hint}</p>
                {proof_fields(form.state)}
                <SubmitButton state=form.state label=t.rotate class="button quiet"/>
            </PlainForm>
        </section>
    }
    .part()
}

fn choices_panel(row: WebhookRow, path: &str, form: Form<ChangeWebhook>, causes: Vec<String>) -> Part {
    let t = WebhookTexts::here();
    view! {
        <section class="panel wide">
            <h2>{t.choices_heading}</h2>
            <PlainForm form path=format!("{path}?do=change_webhook") fields=FIELDS>
                <input type="hidden" name="id" value=row.id.0/>
                {choice_fields(form.state, Some(row.url), causes, &row.causes)}
                <SubmitButton state=form.state label=t.save/>
            </PlainForm>
        </section>
    }
    .part()
}

/// Asks once more before a webhook is removed.
pub(crate) fn remove_page() -> Part {
    let form = Form::<RemoveWebhook>::new();
    asked(find_webhook(WebhookId(id_of_address())), move |webhook| question(webhook.row, form))
}

fn question(row: WebhookRow, form: Form<RemoveWebhook>) -> Part {
    let t = WebhookTexts::here();
    let path = webhook_path(&row.id);
    view! {
        <PageHeading/>
        <section class="panel">
            <p>{fill(t.remove_question, &[("url", &row.url)])}</p>
            <p>{t.remove_consequence}</p>
            <PlainForm form path=format!("{path}/remove") fields=PROOF once=true>
                <input type="hidden" name="id" value=row.id.0/>
                {proof_fields(form.state)}
                <div class="buttons">
                    <SubmitButton state=form.state label=t.remove class="button danger"/>
                    <a class="button quiet" href=path>{t.keep}</a>
                </div>
            </PlainForm>
        </section>
    }
    .part()
}
