#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{ApplicationsPage, ApprovalPage, Code, Password, PortalError, UserCode};
#[cfg(feature = "ssr")]
use crate::portal::{AskingApplication, DecidedApplication, Field, Problem};
#[cfg(feature = "ssr")]
use crate::to_view::{application_row, asking_application};
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use service::shown_once::Shown;

const APPROVE: &str = "/account/applications/approve";

/// One page of the applications that were let in.
#[server(prefix = "/portal", endpoint = "list_applications", input = GetUrl)]
pub async fn list_applications(#[server(default)] page: u32) -> Result<ApplicationsPage, PortalError> {
    let request = signed_in()?;
    let page = page.max(1);
    let actor = request.note(request.actor())?;
    let list = request.note(request.applications()?.list_applications(actor, page).await)?;
    let zone = &request.reader.time_zone;
    Ok(ApplicationsPage {
        rows: list.applications.iter().map(|row| application_row(row, zone)).collect(),
        page: list.page,
        pages: list.pages,
        may_manage: actor.may_manage().is_ok(),
    })
}

/// What the address shows of an application that waits, or that was decided about.
#[server(prefix = "/portal", endpoint = "find_application", input = GetUrl)]
pub async fn find_application() -> Result<ApprovalPage, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let applications = request.applications()?;
    Ok(match request.shown(actor) {
        Some(Shown::Decided(decided)) => ApprovalPage::Decided(DecidedApplication {
            name: decided.name,
            approved: decided.approved,
            return_url: decided.return_url,
        }),
        Some(Shown::Application(code)) => {
            let looked = request.note(applications.look(actor, code).await)?;
            let now = request.use_cases.clock.now();
            let made = request.made.as_ref().map(|made| made.as_str().to_owned()).unwrap_or_default();
            looked.map_or(ApprovalPage::Gone, |looked| {
                let asking = asking_application(&looked, now, &request.reader.time_zone);
                let user_code = code.to_string();
                ApprovalPage::Ask(Box::new(AskingApplication { user_code, made, ..asking }))
            })
        }
        _ => ApprovalPage::Enter { may_manage: actor.may_manage().is_ok() },
    })
}

/// Checks the code that an application shows, and leads to who asks.
#[server(prefix = "/portal", endpoint = "give_user_code")]
pub async fn give_user_code(#[server(default)] user_code: UserCode) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let name = request.draw_name()?;
    let code = request.note(request.applications()?.try_code(actor, &user_code.0).await)?;
    request.keep(&actor, name, Shown::Application(code));
    Ok(())
}

/// Lets an application in, which takes a fresh proof, or refuses it.
#[server(prefix = "/portal", endpoint = "decide_application")]
pub async fn decide_application(
    #[server(default)] user_code: UserCode,
    #[server(default)] username: String,
    #[server(default)] answer: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.managing()?;
    let applications = request.applications()?;
    let name = request.draw_name()?;
    let decided = match answer.as_str() {
        "approve" => {
            let password = password.map(Password::take);
            let proved =
                request.use_cases.accounts.ask_proof(&actor, password, &code.0, AskedFor::Application).await;
            let proved = request.note(proved)?;
            let username = Some(username.as_str()).filter(|username| !username.is_empty());
            applications.approve(&proved, &user_code.0, username).await
        }
        "deny" => applications.refuse(actor, &user_code.0).await,
        _ => return request.note(Err(PortalError::field(Field::Form, Problem::NotAChoice))),
    };
    let decided = request.note(decided)?;
    request.keep(&actor, name, Shown::Decided(decided));
    Ok(())
}

landings! {
    GiveUserCode(form) => APPROVE, [user_code];
    DecideApplication(form) => APPROVE, [user_code, username];
}
