#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, NoticeBoxes, NoticeChoices, NoticePage, Password, PortalError};

const LIST: &str = "/account/notifications";

/// One page of the visitor's notices.
#[server(prefix = "/portal", endpoint = "list_notices", input = GetUrl)]
pub async fn list_notices(#[server(default)] page: u32) -> Result<NoticePage, PortalError> {
    signed_in()?.list_notices(page.max(1)).await
}

/// How the visitor wants to be told.
#[server(prefix = "/portal", endpoint = "list_notice_choices", input = GetUrl)]
pub async fn list_notice_choices() -> Result<NoticeChoices, PortalError> {
    signed_in()?.list_notice_choices().await
}

/// Authorises an address that a notice names.
#[server(prefix = "/portal", endpoint = "authorise_notice")]
pub async fn authorise_notice(
    #[server(default)] notice: u32,
    #[server(default)] address: String,
    #[server(default)] page: u32,
) -> Result<(), PortalError> {
    let _ = page;
    signed_in()?.authorise_notice(notice, address).await
}

/// Ignores an address that a notice names.
#[server(prefix = "/portal", endpoint = "ignore_notice")]
pub async fn ignore_notice(
    #[server(default)] notice: u32,
    #[server(default)] address: String,
    #[server(default)] page: u32,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let _ = page;
    signed_in()?.ignore_notice(notice, address, Proof { password, code }).await
}

/// Marks all notices as read.
#[server(prefix = "/portal", endpoint = "read_all_notices")]
pub async fn read_all_notices(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.read_all_notices(Proof { password, code }).await
}

/// Chooses how to be told.
#[server(prefix = "/portal", endpoint = "choose_notices")]
pub async fn choose_notices(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(flatten)] ticked: NoticeBoxes,
) -> Result<(), PortalError> {
    signed_in()?.choose_notices(ticked, Proof { password, code }).await
}

fn landing(page: u32, done: &str) -> String {
    format!("{LIST}?page={}&done={done}", page.max(1))
}

impl Landing for AuthoriseNotice {
    fn landing(&self) -> String {
        landing(self.page, if self.address.contains('/') { "network_authorised" } else { "authorised" })
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

impl Landing for IgnoreNotice {
    fn landing(&self) -> String {
        landing(self.page, if self.address.contains('/') { "network_ignored" } else { "ignored" })
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![
            ("notice".into(), self.notice.to_string()),
            ("address".into(), self.address.clone()),
            ("page".into(), self.page.to_string()),
        ]
    }
}

impl Landing for ReadAllNotices {
    fn landing(&self) -> String {
        LIST.into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

impl Landing for ChooseNotices {
    fn landing(&self) -> String {
        format!("{LIST}/choices?done=saved")
    }

    fn echo(&self) -> Vec<(String, String)> {
        self.ticked.0.keys().map(|name| (name.clone(), "on".to_owned())).collect()
    }
}
