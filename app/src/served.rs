//! Pages that the server alone knows: the door, and what an account needs now and then. They are plain pages with plain
//! forms, and cost the program in the browser nothing (docs/decisions.md). A link to one needs `rel="external"`.

mod applications;
mod chart;
mod dashboard;
mod door;
mod forgotten;
mod guide;
mod history;
mod keys;
mod notices;
mod part;
mod profile;
mod proof;
mod reading;
mod security;
mod sub_users;
pub mod texts;
mod trial;
mod unsubscribe;
mod usage;
mod ways;
mod webhooks;

pub(crate) use applications::{applications_page, approve_page};
pub(crate) use dashboard::{Reader, dashboard_html};
pub(crate) use door::{login_page, setup_page};
pub(crate) use forgotten::{forgot_page, new_password_page};
pub(crate) use guide::guide_page;
pub use guide::{
    ApiGuide, GuideAnswer, GuideField, GuideGroup, GuideKind, GuideOperation, GuideRecord, romanian,
};
pub(crate) use history::history_page;
pub use history::{EXPORT as HISTORY_EXPORT, action_text, history_head, history_row};
pub use keys::{EXPORT as KEYS_EXPORT, sheet_head, sheet_row};
pub(crate) use keys::{KeyShown, ListShown, confirm_page as several_page, delete_page, key_html, ways_html};
pub(crate) use notices::{choices_page, notices_page};
pub(crate) use profile::{confirm_page, profile_page};
pub(crate) use reading::Reading;
pub use security::{CODES_FILE, codes_file};
pub(crate) use security::{code_page, renewal_page};
pub(crate) use sub_users::{invitation_page, remove_sub_user_page, sub_user_key_page, sub_users_page};
pub(crate) use trial::trial_page;
pub(crate) use unsubscribe::unsubscribe_page;
pub(crate) use usage::usage_page;
pub(crate) use webhooks::{remove_page, webhook_page, webhook_problem, webhooks_page};

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::not_found_view;
use crate::page_table::Page;
use crate::part::Part;

/// Returns the page at a path that the browser's program does not know.
pub(crate) fn served_page() -> Part {
    let page = Page::find(&use_location().pathname.get_untracked()).and_then(Page::serve);
    page.unwrap_or_else(not_found_view)
}
