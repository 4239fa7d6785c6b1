//! `/account/sub-users`: the sub-users of an account; `/invitation`: where an invited person chooses a password.

mod invitation;
mod invite;
mod key;
mod pending;
mod remove;
mod row_form;
mod table;

pub(crate) use invitation::invitation_page;
pub(crate) use key::sub_user_key_page;
pub(crate) use remove::remove_sub_user_page;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::part::{asked, confirmation, page_of_address};
use super::texts::{Served, SubUserTexts};
use crate::components::{HaveItForm, PageHeading, pager};
use crate::part::{IntoPart, Part};
use crate::portal::{Role, SubUsersPage};
use crate::server_fns::list_sub_users;

/// Where the forms post to, with `?do=` behind it.
const SUB_USERS: &str = "/account/sub-users";

/// Where a key is generated for a sub-user, and where one is removed, with `?user=` behind it.
const KEY: &str = "/account/sub-users/key";
const REMOVE: &str = "/account/sub-users/remove";

/// The sub-user whom the address names.
fn user_of_address() -> String {
    use_query_map().with_untracked(|query| query.get("user")).unwrap_or_default()
}

/// The sub-users, page by page, and the invitations.
pub(crate) fn sub_users_page() -> Part {
    asked(list_sub_users(page_of_address()), show)
}

fn show(page: SubUsersPage) -> Part {
    let t = SubUserTexts::here();
    let pager = (page.pages > 1).then(|| pager(page.page, page.pages, SUB_USERS));
    let pending = (!page.invitations.is_empty()).then(|| pending::pending(page.invitations, page.mail_is_on));
    view! {
        <PageHeading/>
        {confirmation(|done| done_text(t, done))}
        {page.fresh_link.map(fresh_link)}
        <p class="record-line">{t.text}</p>
        {table::table(page.rows)}
        {pager}
        {pending}
        {invite::invite(page.mail_is_on)}
    }
    .part()
}

/// The link of an invitation that the address names.
fn fresh_link(link: String) -> Part {
    let t = SubUserTexts::here();
    view! {
        <section class="notice" aria-label=t.fresh_heading>
            <p><strong>{t.fresh_heading}</strong></p>
            <p>{t.fresh_text}</p>
            <p class="whole-token"><code class="token" translate="no">{link}</code></p>
            <HaveItForm path=SUB_USERS/>
        </section>
    }
    .part()
}

fn role_name(role: Role) -> &'static str {
    let t = SubUserTexts::here();
    match role {
        Role::ManagesKeys => t.manages_keys,
        Role::ReadsOnly => t.reads_only,
    }
}

fn done_text(t: &'static SubUserTexts, done: &str) -> Option<&'static str> {
    Some(match done {
        "withdrawn" => t.done_withdrawn,
        "disabled" => t.done_disabled,
        "enabled" => t.done_enabled,
        "sessions" => t.done_sessions,
        "role" => t.done_role,
        "removed" => t.done_removed,
        _ => return None,
    })
}
