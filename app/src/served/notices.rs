//! `/account/notifications`: what the user is told of, and how.

mod choices;
mod entry;
mod words;

pub(super) use choices::choices_page;

use leptos::prelude::*;

use super::part::{asked, confirmation, page_of_address};
use super::texts::{NoticeTexts, Served};
use crate::components::{PageHeading, Pager};
use crate::echo::take_echo;
use crate::i18n::{language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::NoticePage;
use crate::problem_text::error_text;
use crate::server_fns::{AuthoriseNotice, IgnoreNotice, Landing, ReadAllNotices, list_notices};

/// Where these pages are.
const NOTICES: &str = "/account/notifications";

/// The notices, page by page.
pub(super) fn notices_page() -> Part {
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
            <Pager page=list.page pages=list.pages path=NOTICES/>
        }
        .part()
    };
    let read_all = (list.unread > 0).then(|| {
        view! {
            <form method="post" action=format!("{NOTICES}?do=read_all_notices")>
                <button type="submit" class="button quiet small">{t.read_all}</button>
            </form>
        }
    });
    view! {
        <PageHeading text=t.heading/>
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
        _ => return None,
    })
}

/// Why the form that was sent was refused; there are many on the page, so it stands above all of them.
fn refused() -> Part {
    let forms = [AuthoriseNotice::form_name(), IgnoreNotice::form_name(), ReadAllNotices::form_name()];
    let error = forms.into_iter().find_map(|form| take_echo(form).error);
    let text = error.map(|error| error_text(texts(), language(), &error));
    text.map(|text| view! { <p class="form-problem" role="alert">{text}</p> }).part()
}
