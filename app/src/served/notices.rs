//! `/account/notifications`: the notices of a user, and how they get them.

mod choices;
mod entry;
mod words;

pub(crate) use choices::choices_page;

use leptos::prelude::*;

use super::part::{asked, confirmation, page_of_address};
use super::proof::late_proof_fields;
use super::texts::{NoticeTexts, Served};
use crate::components::{Form, FormState, PageHeading, PlainForm, SubmitButton, pager};
use crate::echo::take_echo;
use crate::i18n::{fill, language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, NoticePage};
use crate::problem_text::error_text;
use crate::server_fns::{AuthoriseNotice, IgnoreNotice, Landing, ReadAllNotices, list_notices};

/// The fields of a proof, which show their own errors.
const PROOF: &[Field] = &[Field::Password, Field::Code];
/// Where these pages are.
const NOTICES: &str = "/account/notifications";

/// The notices, page by page.
pub(crate) fn notices_page() -> Part {
    asked(list_notices(page_of_address()), |list| show(&list))
}

fn show(list: &NoticePage) -> Part {
    let t = NoticeTexts::here();
    let page = list.page;
    let entries: Vec<_> = list.notices.iter().map(|notice| entry::entry(notice, page)).collect();
    let entries = if entries.is_empty() {
        view! { <p class="empty">{t.empty}</p> }.part()
    } else {
        view! {
            <ol class="entries">{entries}</ol>
            {pager(list.page, list.pages, NOTICES)}
        }
        .part()
    };
    let read_all = Form::<ReadAllNotices>::new();
    let was_refused = read_all.state.error.with_untracked(Option::is_some);
    let read_all = (list.unread > 0 || was_refused).then(|| {
        view! {
            <PlainForm
                form=read_all
                path=format!("{NOTICES}?do=read_all_notices")
                class="row-form"
                fields=PROOF
            >
                {late_proof_fields(read_all.state)}
                <SubmitButton state=read_all.state label=t.read_all class="button quiet small"/>
            </PlainForm>
        }
    });
    view! {
        <PageHeading/>
        {confirmation(|done| done_text(t, done))}
        {refused()}
        <div class="entries-tools">
            <a href=format!("{NOTICES}/choices")>{t.choices_link}</a>
            {read_all}
        </div>
        {entries}
    }
    .part()
}

fn done_text(t: &'static NoticeTexts, done: &str) -> Option<&'static str> {
    Some(match done {
        "authorised" => t.done_authorised,
        "ignored" => t.done_ignored,
        "network_authorised" => t.done_network_authorised,
        "network_ignored" => t.done_network_ignored,
        _ => return None,
    })
}

/// Why the form that was sent was refused; there are many on the page, so it stands above all of them.
fn refused() -> Part {
    let ignore = Form::<IgnoreNotice>::new().state;
    if ignore.error.with_untracked(Option::is_some) {
        return ignore_again(ignore);
    }
    let text = take_echo(AuthoriseNotice::form_name()).error.map(|e| error_text(texts(), language(), &e));
    text.map(|text| view! { <p class="form-problem" role="alert">{text}</p> }).part()
}

/// The form that was refused, once more and with the fields of a proof.
fn ignore_again(state: FormState) -> Part {
    let t = NoticeTexts::here();
    let hidden = ["notice", "address", "page"].map(|name| {
        view! { <input type="hidden" name=name value=state.entered(name).unwrap_or_default()/> }
    });
    let address = state.entered("address").unwrap_or_default();
    let label = if address.contains('/') { t.ignore_network } else { t.ignore };
    let described = fill("{label}: {address}", &[("label", &label), ("address", &address)]);
    view! {
        <section class="panel">
            <p class="address">{address}</p>
            <PlainForm form=state path=format!("{NOTICES}?do=ignore_notice") fields=PROOF>
                {hidden}
                {late_proof_fields(state)}
                <SubmitButton state label described class="button quiet small"/>
            </PlainForm>
        </section>
    }
    .part()
}
