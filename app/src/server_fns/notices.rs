#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::NoticeChoice;
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, NoticeBoxes, NoticeChoices, NoticePage, Password, PortalError};
#[cfg(feature = "ssr")]
use crate::to_view::page_of;
#[cfg(feature = "ssr")]
use contract::Cause;
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use service::records::NoticeChoice as ChoiceRow;

const LIST: &str = "/account/notifications";

/// One page of the visitor's notices.
#[server(prefix = "/portal", endpoint = "list_notices", input = GetUrl)]
pub async fn list_notices(#[server(default)] page: u32) -> Result<NoticePage, PortalError> {
    let request = signed_in()?;
    let page = page.max(1);
    let actor = request.note(request.actor())?;
    let list = request.note(request.use_cases.notices.list(actor, page).await)?;
    Ok(page_of(&list, &request.reader.time_zone))
}

/// How the visitor wants to be told.
#[server(prefix = "/portal", endpoint = "list_notice_choices", input = GetUrl)]
pub async fn list_notice_choices() -> Result<NoticeChoices, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let choices = request.note(request.use_cases.notices.list_choices(actor).await)?;
    let choice = |choice: &ChoiceRow| NoticeChoice {
        cause: choice.cause,
        by_mail: choice.by_mail,
        by_webhook: choice.by_webhook,
    };
    Ok(NoticeChoices {
        causes: choices.iter().map(choice).collect(),
        mail_is_on: request.use_cases.mail_is_on,
        has_address: request.note(request.use_cases.notices.has_mail_address(actor).await)?,
        is_owner: actor.is_owner(),
    })
}

/// Authorises an address that a notice names.
#[server(prefix = "/portal", endpoint = "authorise_notice")]
pub async fn authorise_notice(
    #[server(default)] notice: i64,
    #[server(default)] address: String,
    #[server(default)] page: u32,
) -> Result<(), PortalError> {
    let _ = page;
    let request = signed_in()?;
    let actor = request.changing()?;
    let services = &request.use_cases;
    request.note(services.notices.authorise(&services.keys, actor, notice, &address).await)
}

/// Ignores an address that a notice names.
#[server(prefix = "/portal", endpoint = "ignore_notice")]
pub async fn ignore_notice(
    #[server(default)] notice: i64,
    #[server(default)] address: String,
    #[server(default)] page: u32,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let _ = page;
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Notices).await?;
    request.note(request.use_cases.notices.ignore(&actor, notice, &address).await)
}

/// Marks all notices as read.
#[server(prefix = "/portal", endpoint = "read_all_notices")]
pub async fn read_all_notices(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Notices).await?;
    request.note(request.use_cases.notices.read_all(&actor).await)
}

/// Chooses how to be told.
#[server(prefix = "/portal", endpoint = "choose_notices")]
pub async fn choose_notices(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(flatten)] ticked: NoticeBoxes,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Notices).await?;
    let choice = |cause| ChoiceRow {
        cause,
        by_mail: ticked.has(&NoticeBoxes::mail(cause)),
        by_webhook: ticked.has(&NoticeBoxes::webhook(cause)),
    };
    let wanted = Cause::ALL.into_iter().map(choice).collect();
    request.note(request.use_cases.notices.choose(&actor, wanted).await)
}

/// Where a form lands that did something about an address, or about a network.
fn acted(page: u32, address: &str, done: &str) -> String {
    let network = if address.contains('/') { "network_" } else { "" };
    format!("{LIST}?page={}&done={network}{done}", page.max(1))
}

landings! {
    AuthoriseNotice(form) => acted(form.page, &form.address, "authorised"), [];
    IgnoreNotice(form) => acted(form.page, &form.address, "ignored"), [notice, address, page];
    ReadAllNotices(form) => LIST, [];
    ChooseNotices(form) => format!("{LIST}/choices?done=saved"),
        { form.ticked.0.keys().map(|name| (name.clone(), "on".to_owned())).collect() };
}
