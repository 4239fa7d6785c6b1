use leptos::prelude::*;

use super::super::part::asked;
use super::super::texts::{Served, WebhookTexts};
use super::choices::{FIELDS, choice_fields};
use super::{done_notice, fresh_notice};
use crate::components::{Form, PageHeading, PlainForm, SubmitButton, Table, Time};
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::{WebhookList, WebhookRow};
use crate::server_fns::{AddWebhook, list_webhooks, webhook_path};

/// All webhooks of the account, and the form that adds one.
pub(crate) fn webhooks_page() -> Part {
    let form = Form::<AddWebhook>::new();
    asked(list_webhooks(), move |list| show(list, form))
}

fn show(list: WebhookList, form: Form<AddWebhook>) -> Part {
    let t = WebhookTexts::here();
    let count = u32::try_from(list.rows.len()).unwrap_or(u32::MAX);
    let add = if count < list.most {
        add_form(form, list.causes)
    } else {
        view! { <p>{fill(t.full_text, &[("most", &list.most)])}</p> }.part()
    };
    view! {
        <PageHeading/>
        <p class="subtitle">{t.intro}</p>
        {done_notice()}
        {fresh_notice(list.fresh, "/account/webhooks")}
        {table(t, list.rows)}
        {add}
    }
    .part()
}

fn table(t: &'static WebhookTexts, rows: Vec<WebhookRow>) -> Part {
    if rows.is_empty() {
        return view! { <section class="empty"><p>{t.list_empty}</p></section> }.part();
    }
    let columns = vec![
        (t.column_url, Some("name-cell")),
        (t.column_causes, None),
        (t.column_state, None),
        (t.column_added, Some("time-cell")),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let url = view! { <a href=webhook_path(&row.id)>{row.url.clone()}</a> }.part();
            let cells = vec![
                url,
                row.causes.len().to_string().part(),
                state(t, &row),
                view! { <Time moment=Some(row.created)/> }.part(),
            ];
            (None, cells)
        })
        .collect();
    view! { <Table label=t.heading columns rows/> }.part()
}

/// On, failing or off.
pub(super) fn state(t: &'static WebhookTexts, row: &WebhookRow) -> Part {
    let (text, since) = match (&row.off_since, &row.failing_since) {
        (Some(since), _) => (t.state_off, since.clone()),
        (None, Some(since)) => (t.state_failing, since.clone()),
        (None, None) => return t.state_on.part(),
    };
    view! { <span><span class="bad-state">{text}</span> " " <Time moment=Some(since)/></span> }.part()
}

fn add_form(form: Form<AddWebhook>, causes: Vec<String>) -> Part {
    let t = WebhookTexts::here();
    let chosen = causes.clone();
    view! {
        <section class="panel apart">
            <h2>{t.add_heading}</h2>
            <PlainForm form path="/account/webhooks" fields=FIELDS once=true>
                {choice_fields(form.state, None, causes, &chosen)}
                <SubmitButton state=form.state label=t.add/>
            </PlainForm>
        </section>
    }
    .part()
}
