//! The one table of pages: where each is, its title, who may see it, what makes it, its forms, its entry in the menu.
//!
//! The browser's routes and the menu are made of it here. The server's router, its plain forms and its access log read
//! [`PAGES`], and so do the tests that visit every page: those of end2end by `end2end/pages.json`, which a test below
//! holds to the table. The program in the browser gets of a lively page its route, and of a served one no more than its
//! entry in the menu.

#[cfg(feature = "ssr")]
mod page;

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route};
use leptos_router::{SsrMode, path};

#[cfg(not(feature = "ssr"))]
use crate::components::not_found_view;
use crate::components::notifications;
use crate::i18n::texts;
use crate::pages::{DashboardPage, GenerateKeyPage, KeyPageView, KeysPage};
#[cfg(not(feature = "ssr"))]
use crate::part::Part;
use crate::portal::Viewer;
#[cfg(feature = "ssr")]
use crate::served::texts::{self as of, Served};
#[cfg(feature = "ssr")]
use crate::served::{self, served_page as other_page};
#[cfg(feature = "ssr")]
pub use page::{Forms, Page, SeenBy};
#[cfg(feature = "ssr")]
use {
    Forms::{Named, One, OneOrNamed},
    SeenBy::{Anybody, Setup, Unfinished, Users},
};

/// The title of a page; none where a page is named after what it shows. Every page finds its own in the context.
#[derive(Clone, Copy)]
pub(crate) struct Title(Option<fn() -> &'static str>);

impl Title {
    /// Returns it in the language of the page.
    pub(crate) fn text(self) -> Option<&'static str> {
        self.0.map(|text| text())
    }
}

/// An entry of the menu. Pages under `/account/` stand in the menu of the account, others in the bar.
pub(crate) struct MenuEntry {
    /// Where it leads.
    pub(crate) path: &'static str,
    /// What it says to a viewer; nothing to those who have no such page.
    pub(crate) text: fn(&Viewer) -> Option<String>,
    /// Whether the browser's program does not know the page, so that the browser has to load it.
    pub(crate) external: bool,
}

/// Makes a title of at most one text.
const fn title(texts: &[fn() -> &'static str]) -> Title {
    match texts {
        [text, ..] => Title(Some(*text)),
        [] => Title(None),
    }
}

/// Makes a page where it finds its title.
fn titled<V>(title: Title, page: impl FnOnce() -> V) -> V {
    provide_context(title);
    page()
}

/// What stands where the router finds no page.
#[cfg(not(feature = "ssr"))]
fn other_page() -> Part {
    not_found_view()
}

// Each row: path, component or function, who may see it (a lively one: users), then title, forms and entry of the menu
// where it has them. Entries of the menu stand in the order of their rows.
macro_rules! pages {
    (
        lively {$(
            $path:tt $page:ident $(, title $title:expr)? $(, forms $forms:expr)? $(, menu $entry:expr)?;
        )*}
        served {$(
            $at:tt $make:path, $seen_by:expr
            $(, title $heading:expr)? $(, forms $posts:expr)? $(, menu $link:expr)?;
        )*}
    ) => {
        /// The menu.
        pub(crate) static MENU: &[MenuEntry] = &[
            $($(MenuEntry { path: $path, text: $entry, external: false },)?)*
            $($(MenuEntry { path: $at, text: $link, external: true },)?)*
        ];

        /// Every page.
        #[cfg(feature = "ssr")]
        pub static PAGES: &[Page] = &[
            $(Page::lively($path, title(&[$($title)?]))$(.with($forms))?,)*
            $(Page::served($at, title(&[$($heading)?]), $seen_by, $make)$(.with($posts))?,)*
        ];

        /// The lively pages. Each is sent whole, because its status is known only at its end.
        pub(crate) fn routes() -> impl IntoView {
            view! {
                <FlatRoutes fallback=other_page>
                    $(<Route
                        path=path!($path)
                        view=|| titled(title(&[$($title)?]), $page)
                        ssr=SsrMode::Async
                    />)*
                </FlatRoutes>
            }
        }
    };
}

pages! {
    lively {
        "/" DashboardPage, title || texts().dashboard, menu |_| Some(texts().dashboard.to_owned());
        "/account/api-keys" KeysPage, title || texts().keys_heading, forms Named(&["have_it"]),
            menu |_| Some(texts().api_keys.to_owned());
        "/account/api-keys/new" GenerateKeyPage, title || texts().generate_heading, forms One("generate_key");
        "/account/api-keys/:id" KeyPageView, forms Named(KEY_FORMS);
    }
    served {
        "/account/api-keys/selected/confirm" served::several_page, Users,
            title || of::KeyTexts::here().confirm_heading, forms Named(&["delete_keys", "pause_keys"]);
        "/account/api-keys/:id/delete" served::delete_page, Users, title || of::KeyTexts::here().delete_heading,
            forms One("delete_key");
        "/account/api-keys/:id/try" served::trial_page, Users;
        "/account/api-keys/:id/usage" served::usage_page, Users;
        "/account/sub-users" served::sub_users_page, Users, title || of::SubUserTexts::here().heading,
            forms Named(SUB_USER_FORMS), menu |viewer| viewer.is_owner.then(|| texts().sub_users.to_owned());
        "/account/sub-users/key" served::sub_user_key_page, Users,
            title || of::SubUserTexts::here().generate_heading, forms One("generate_key");
        "/account/sub-users/remove" served::remove_sub_user_page, Users,
            title || of::SubUserTexts::here().remove_heading, forms One("remove_sub_user");
        "/account/applications" served::applications_page, Users, title || of::ApplicationTexts::here().heading,
            menu |viewer| viewer.applications.then(|| texts().applications.to_owned());
        "/account/applications/approve" served::approve_page, Users,
            title || of::ApplicationTexts::here().approve_heading, forms Named(APPLICATION_FORMS);
        "/account/profile" served::profile_page, Users, title || of::ProfileTexts::here().heading,
            forms Named(PROFILE_FORMS), menu |_| Some(texts().profile.to_owned());
        "/account/profile/confirm" served::confirm_page, Users, title || of::ProfileTexts::here().confirm_heading,
            forms One("confirm_email");
        "/account/profile/history" served::history_page, Users, title || of::ProfileTexts::here().history_heading;
        "/account/notifications" served::notices_page, Users, title || of::NoticeTexts::here().heading,
            forms Named(NOTICE_FORMS), menu |viewer| Some(notifications(viewer.unread));
        "/account/notifications/choices" served::choices_page, Users,
            title || of::NoticeTexts::here().choices_heading, forms One("choose_notices");
        "/account/password" served::renewal_page, Unfinished, title || of::SecurityTexts::here().renewal_heading,
            forms One("renew_password");
        "/account/webhooks" served::webhooks_page, Users, title || of::WebhookTexts::here().heading,
            forms OneOrNamed("add_webhook", &["have_it"]);
        "/account/webhooks/:id" served::webhook_page, Users, title || of::WebhookTexts::here().one_heading,
            forms Named(WEBHOOK_FORMS);
        "/account/webhooks/:id/remove" served::remove_page, Users, title || of::WebhookTexts::here().remove_heading,
            forms One("remove_webhook");
        "/docs/api" served::guide_page, Anybody, title || of::GuideTexts::here().heading;
        "/invitation" served::invitation_page, Anybody, title || of::SubUserTexts::here().invitation_heading,
            forms One("accept_invitation");
        "/login" served::login_page, Anybody, title || texts().login, forms One("log_in");
        "/login/forgot" served::forgot_page, Anybody, title || of::DoorTexts::here().forgot_heading,
            forms One("send_password_link");
        "/login/password" served::new_password_page, Anybody,
            title || of::DoorTexts::here().new_password_heading, forms One("set_password_by_link");
        "/login/code" served::code_page, Unfinished, title || of::SecurityTexts::here().code_heading,
            forms One("give_code");
        "/setup" served::setup_page, Setup, title || of::DoorTexts::here().setup_heading,
            forms One("create_first_account");
        "/unsubscribe" served::unsubscribe_page, Anybody, title || of::MailTexts::here().unsubscribe_heading,
            forms One("unsubscribe");
    }
}

#[cfg(feature = "ssr")]
const APPLICATION_FORMS: &[&str] = &["give_user_code", "decide_application"];
#[cfg(feature = "ssr")]
const KEY_FORMS: &[&str] = &[
    "authorise_address",
    "remove_address",
    "set_lock_width",
    "release_lock",
    "reveal_key",
    "rename_key",
    "set_key_expiry",
    "rotate_key",
    "end_old_token",
    "pause_key",
    "resume_key",
    "have_it",
];
#[cfg(feature = "ssr")]
const NOTICE_FORMS: &[&str] = &["authorise_notice", "ignore_notice", "read_all_notices"];
#[cfg(feature = "ssr")]
const PROFILE_FORMS: &[&str] = &[
    "begin_two_factor",
    "cancel_two_factor",
    "confirm_two_factor",
    "make_recovery_codes",
    "switch_two_factor_off",
    "change_password",
    "set_email",
    "set_language",
    "set_time_zone",
    "end_session",
    "have_it",
    "end_other_sessions",
];
#[cfg(feature = "ssr")]
const SUB_USER_FORMS: &[&str] = &[
    "invite_sub_user",
    "renew_invitation",
    "withdraw_invitation",
    "disable_sub_user",
    "enable_sub_user",
    "end_sub_user_sessions",
    "set_sub_user_role",
    "have_it",
];
#[cfg(feature = "ssr")]
const WEBHOOK_FORMS: &[&str] = &[
    "change_webhook",
    "rotate_webhook_secret",
    "enable_webhook",
    "test_webhook",
    "resend_delivery",
    "have_it",
];

#[cfg(all(test, feature = "ssr"))]
mod tests;
