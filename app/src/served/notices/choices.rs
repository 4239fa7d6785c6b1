//! How the user wants to be told.

use leptos::prelude::*;

use super::super::part::{asked, confirmation};
use super::super::proof::proof_fields;
use super::super::texts::{NoticeTexts, Served};
use super::words::cause_text;
use super::{NOTICES, PROOF};
use crate::components::{Form, FormState, PageHeading, PlainForm, SubmitButton, Table};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{NoticeBoxes, NoticeChoice, NoticeChoices};
use crate::server_fns::{ChooseNotices, list_notice_choices};

/// The choices, a row for each cause.
pub(crate) fn choices_page() -> Part {
    asked(list_notice_choices(), |choices| show(&choices))
}

fn show(choices: &NoticeChoices) -> Part {
    let t = NoticeTexts::here();
    let form = Form::<ChooseNotices>::new();
    let mut columns = vec![(t.column_cause, Some("name-cell")), (t.column_app, None), (t.column_mail, None)];
    // The webhooks are the owner's.
    columns.extend(choices.is_owner.then_some((t.column_webhook, None)));
    let rows = choices.causes.iter().map(|choice| (None, cells(t, form.state, *choice, choices.is_owner)));
    let rows: Vec<_> = rows.collect();
    let webhooks = if choices.is_owner {
        view! { <p class="hint">{t.webhooks_owner}" "<a href="/account/webhooks">{t.webhooks_link}</a></p> }
            .part()
    } else {
        view! { <p class="hint">{t.webhooks_sub_user}</p> }.part()
    };
    view! {
        <p class="way-up"><a href=NOTICES>{t.heading}</a></p>
        <PageHeading/>
        {confirmation(|done| (done == "saved").then_some(t.done_saved))}
        <p>{t.choices_text}</p>
        {mail_hint(t, choices)}
        <PlainForm form path=format!("{NOTICES}/choices") fields=PROOF>
            <Table label=t.choices_heading columns rows/>
            {webhooks}
            {proof_fields(form.state)}
            <SubmitButton state=form.state label=texts().save/>
        </PlainForm>
    }
    .part()
}

/// Why no mail would come.
fn mail_hint(t: &'static NoticeTexts, choices: &NoticeChoices) -> Part {
    if !choices.mail_is_on {
        return view! { <p class="notice">{t.mail_is_off}</p> }.part();
    }
    let link = view! { <a href="/account/profile">{t.profile_link}</a> };
    (!choices.has_address).then(|| view! { <p class="notice">{t.no_address}" "{link}</p> }).part()
}

fn cells(t: &'static NoticeTexts, state: FormState, choice: NoticeChoice, is_owner: bool) -> Vec<Part> {
    let cause = cause_text(t, choice.cause);
    let was_refused = state.error.with_untracked(Option::is_some);
    let tick = |name: String, column: &'static str, checked: bool| {
        let checked = if was_refused { state.entered(&name).is_some() } else { checked };
        let label = fill("{cause}: {column}", &[("cause", &cause), ("column", &column)]);
        view! {
            <label class="choice">
                <input type="checkbox" name=name value="on" autocomplete="off" aria-label=label checked=checked/>
            </label>
        }
        .part()
    };
    let by_webhook = || tick(NoticeBoxes::webhook(choice.cause), t.column_webhook, choice.by_webhook);
    let by_webhook = is_owner.then(by_webhook);
    let by_mail = if choice.cause.is_always_mailed() {
        t.always.part()
    } else {
        tick(NoticeBoxes::mail(choice.cause), t.column_mail, choice.by_mail)
    };
    [Some(cause.part()), Some(t.always.part()), Some(by_mail), by_webhook].into_iter().flatten().collect()
}
