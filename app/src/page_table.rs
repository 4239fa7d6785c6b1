//! The one table of pages: where each is, who may see it, which program makes it, and its forms. The server's router,
//! its plain forms, its access log and the tests that visit every page read this table. Lively pages also have their
//! line in the router of the browser's program (`app.rs`); a test asks for each of them.

use crate::part::Part;
use crate::served::{self, Steps};

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Everybody.
    Anybody,
    /// Who is logged in; others are led to the login.
    Users,
    /// Who gave the right password and still owes what is done on this page.
    Owing,
    /// Everybody, while the first account is to be made.
    Setup,
}

/// Which forms post to a page's path, by the names of their server functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// None.
    None,
    /// One, which needs no name.
    One(&'static str),
    /// Several, which `?do=` tells apart.
    Named(&'static [&'static str]),
    /// One that needs no name, and several that have one.
    OneOrNamed(&'static str, &'static [&'static str]),
}

impl Forms {
    /// Returns the form that a post with this name (`?do=`, or nothing) is for.
    #[must_use]
    pub fn find(self, name: &str) -> Option<&'static str> {
        let named = |names: &'static [&'static str]| names.iter().copied().find(|found| *found == name);
        match self {
            Self::None => None,
            Self::One(only) => Some(only),
            Self::Named(names) => named(names),
            Self::OneOrNamed(first, _) if name.is_empty() => Some(first),
            Self::OneOrNamed(_, names) => named(names),
        }
    }

    /// Returns all of them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let (first, names): (_, &'static [_]) = match self {
            Self::None => (None, &[]),
            Self::One(only) => (Some(only), &[]),
            Self::Named(names) => (None, names),
            Self::OneOrNamed(first, names) => (Some(first), names),
        };
        first.into_iter().chain(names.iter().copied())
    }
}

/// A page.
pub struct Page {
    /// Its path; a step in braces stands for any one.
    pub path: &'static str,
    /// Who may see it.
    pub seen_by: SeenBy,
    /// Its forms.
    pub forms: Forms,
    /// What makes a page that the server alone knows; none of a lively one.
    served: Option<fn(Steps<'_>) -> Part>,
}

impl Page {
    /// Returns the page at a path, if there is one; a step that is written out goes before one in braces.
    #[must_use]
    pub fn find(path: &str) -> Option<&'static Self> {
        let written = PAGES.iter().find(|page| page.path == path);
        written.or_else(|| PAGES.iter().find(|page| page.is_at(path)))
    }

    /// Whether the server alone knows it.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.served.is_some()
    }

    /// Makes it, if the server alone knows it.
    pub(crate) fn serve(&self, path: &str) -> Option<Part> {
        self.served.map(|make| make(&steps(path)))
    }

    fn is_at(&self, path: &str) -> bool {
        let (own, asked) = (steps(self.path), steps(path));
        own.len() == asked.len()
            && own
                .iter()
                .zip(&asked)
                .all(|(own, asked)| own == asked || own.starts_with('{') && !asked.is_empty())
    }
}

fn steps(path: &str) -> Vec<&str> {
    path.trim_matches('/').split('/').collect()
}

const fn lively(path: &'static str, forms: Forms) -> Page {
    Page { path, seen_by: SeenBy::Users, forms, served: None }
}

const fn served(path: &'static str, seen_by: SeenBy, forms: Forms, make: fn(Steps<'_>) -> Part) -> Page {
    Page { path, seen_by, forms, served: Some(make) }
}

use Forms::{Named, One, OneOrNamed};
use SeenBy::{Anybody, Owing, Setup, Users};

/// Every page.
pub static PAGES: [Page; 21] = [
    lively("/", Forms::None),
    lively("/account/api-keys", Named(&["have_it"])),
    lively("/account/api-keys/new", One("generate_key")),
    lively("/account/api-keys/{id}", Named(KEY_FORMS)),
    lively("/account/api-keys/{id}/delete", One("delete_key")),
    served("/account/api-keys/{id}/usage", Users, Forms::None, served::usage),
    served("/account/notifications", Users, Named(NOTICE_FORMS), served::notices),
    served("/account/notifications/choices", Users, One("choose_notices"), served::choices),
    served("/account/password", Owing, One("renew_password"), served::renewal),
    served("/account/profile", Users, Named(PROFILE_FORMS), served::profile),
    served("/account/profile/confirm", Users, One("confirm_email"), served::confirmation_of_mail),
    served("/account/profile/history", Users, Forms::None, served::history),
    served("/account/sub-users", Users, Named(SUB_USER_FORMS), served::sub_users),
    served("/account/webhooks", Users, OneOrNamed("add_webhook", &["have_it"]), served::webhooks),
    served("/account/webhooks/{id}", Users, Named(WEBHOOK_FORMS), served::webhook),
    served("/account/webhooks/{id}/remove", Users, One("remove_webhook"), served::webhook_removal),
    served("/invitation", Anybody, One("accept_invitation"), served::invitation),
    served("/login", Anybody, One("log_in"), served::login),
    served("/login/code", Owing, One("give_code"), served::code),
    served("/setup", Setup, One("create_first_account"), served::setup),
    served("/unsubscribe", Anybody, One("unsubscribe"), served::unsubscribing),
];

const KEY_FORMS: &[&str] =
    &["authorise_address", "remove_address", "set_lock_width", "release_lock", "reveal_key", "have_it"];
const NOTICE_FORMS: &[&str] = &["authorise_notice", "ignore_notice", "read_all_notices"];
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
const SUB_USER_FORMS: &[&str] = &[
    "invite_sub_user",
    "withdraw_invitation",
    "disable_sub_user",
    "enable_sub_user",
    "end_sub_user_sessions",
    "set_sub_user_role",
    "have_it",
];
const WEBHOOK_FORMS: &[&str] = &[
    "change_webhook",
    "rotate_webhook_secret",
    "enable_webhook",
    "test_webhook",
    "resend_delivery",
    "have_it",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_page() {
        let found = |path: &str| Page::find(path).map(|page| page.path);
        assert_eq!(found("/"), Some("/"));
        assert_eq!(found("/account/api-keys/new"), Some("/account/api-keys/new"));
        assert_eq!(found("/account/api-keys/0198"), Some("/account/api-keys/{id}"));
        assert_eq!(found("/account/webhooks/7/remove/"), Some("/account/webhooks/{id}/remove"));
        for path in ["/nowhere", "/account", "/account/webhooks/7/8", "/login/codes", ""] {
            let is_root = path.is_empty();
            assert_eq!(found(path), is_root.then_some("/"), "{path}");
        }
    }

    #[test]
    fn a_post_is_for_one_form() {
        assert_eq!(One("log_in").find("whatever"), Some("log_in"));
        assert_eq!(Named(NOTICE_FORMS).find(""), None);
        assert_eq!(Named(NOTICE_FORMS).find("ignore_notice"), Some("ignore_notice"));
        let webhooks = OneOrNamed("add_webhook", &["have_it"]);
        assert_eq!(webhooks.find(""), Some("add_webhook"));
        assert_eq!(webhooks.find("have_it"), Some("have_it"));
        assert_eq!((webhooks.find("log_in"), Forms::None.find("")), (None, None));
        assert_eq!(webhooks.names().collect::<Vec<_>>(), ["add_webhook", "have_it"]);
    }
}
