//! Pages that the server alone knows: the door, and what an account needs now and then. They are plain pages with plain
//! forms, and cost the program in the browser nothing (docs/decisions.md). A link to one needs `rel="external"`.

mod door;
mod notices;
mod part;
mod profile;
mod proof;
mod security;
mod sub_users;
pub mod texts;
mod unsubscribe;
mod usage;
mod webhooks;

pub use profile::action_text;
pub(crate) use webhooks::webhook_problem;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::NotFoundView;
use crate::page_table::Page;
use crate::part::{IntoPart, Part};

/// The steps of a page's path.
pub(crate) type Steps<'a> = &'a [&'a str];

/// The page at a path that the browser's program does not know.
pub(crate) fn served_page() -> Part {
    let path = use_location().pathname.get_untracked();
    let page = Page::find(&path).and_then(|page| page.serve(&path));
    page.unwrap_or_else(|| view! { <NotFoundView/> }.part())
}

// What the table of pages names.
macro_rules! pages {
    ($($name:ident $steps:pat => $make:expr;)*) => {$(
        pub(crate) fn $name(steps: Steps<'_>) -> Part {
            match steps {
                $steps => $make,
                #[allow(unreachable_patterns)]
                _ => view! { <NotFoundView/> }.part(),
            }
        }
    )*};
}

pages! {
    usage [_, _, id, _] => usage::usage_page(id);
    notices _ => notices::notices_page();
    choices _ => notices::choices_page();
    renewal _ => security::renewal_page();
    profile _ => profile::profile_page();
    confirmation_of_mail _ => profile::confirm_page();
    history _ => profile::history_page();
    sub_users _ => sub_users::sub_users_page();
    webhooks _ => webhooks::webhooks_page();
    webhook [_, _, id] => webhooks::webhook_page(id);
    webhook_removal [_, _, id, _] => webhooks::remove_page(id);
    invitation _ => sub_users::invitation_page();
    login _ => door::login_page();
    code _ => security::code_page();
    setup _ => door::setup_page();
    unsubscribing _ => unsubscribe::unsubscribe_page();
}
