use leptos::prelude::*;

use super::super::texts::{Served, WebhookTexts};
use super::words::{cause_text, outcome_text};
use crate::components::{Form, FormState, PlainForm, SubmitButton, Table, Time};
use crate::part::{IntoPart, Part};
use crate::portal::{Delivery, WebhookId};
use crate::server_fns::{ResendDelivery, webhook_path};

/// What was sent to a webhook, in one form: the button that is pressed says what is sent again.
pub(super) fn deliveries_section(
    id: WebhookId,
    form: Form<ResendDelivery>,
    deliveries: Vec<Delivery>,
    can_send: bool,
) -> Part {
    let t = WebhookTexts::here();
    if deliveries.is_empty() {
        return view! {
            <section class="wide">
                <h2>{t.deliveries_heading}</h2>
                <p>{t.deliveries_empty}</p>
            </section>
        }
        .part();
    }
    let columns = vec![
        (t.column_when, Some("time-cell")),
        (t.column_cause, None),
        (t.column_outcome, None),
        (t.column_attempts, None),
        (t.column_tried, Some("time-cell")),
        (t.column_next, None),
    ];
    let state = form.state;
    let rows: Vec<_> = deliveries.into_iter().map(|d| (None, cells(t, state, d, can_send))).collect();
    view! {
        <section class="wide messages">
            <h2>{t.deliveries_heading}</h2>
            <p class="hint">{t.deliveries_hint}</p>
            <PlainForm form path=format!("{}?do=resend_delivery", webhook_path(&id)) once=true>
                <input type="hidden" name="id" value=id.0/>
                <Table label=t.deliveries_heading columns rows/>
            </PlainForm>
        </section>
    }
    .part()
}

fn cells(t: &'static WebhookTexts, state: FormState, delivery: Delivery, can_send: bool) -> Vec<Part> {
    let outcome = outcome_text(t, &delivery);
    let cause = delivery.cause.as_deref().map_or(t.cause_test, |name| cause_text(t, name));
    let next = match (delivery.next, delivery.problem.is_some() && can_send) {
        (next, true) => view! {
            <span class="next-try">
                {next.map(|next| view! { <Time moment=Some(next)/> })}
                <SubmitButton
                    state
                    label=t.resend
                    described=format!("{}: {cause}, {}", t.resend, delivery.created.text)
                    name="delivery"
                    value=delivery.id
                    class="button small quiet"
                />
            </span>
        }
        .part(),
        (Some(next), false) => view! { <Time moment=Some(next)/> }.part(),
        (None, false) => ().part(),
    };
    vec![
        view! { <Time moment=Some(delivery.created)/> }.part(),
        cause.part(),
        outcome.part(),
        delivery.attempts.to_string().part(),
        delivery.tried.map(|tried| view! { <Time moment=Some(tried)/> }).part(),
        next,
    ]
}
