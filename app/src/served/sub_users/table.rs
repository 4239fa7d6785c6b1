use domain::key_list::query_of;
use leptos::prelude::*;

use super::super::texts::{Served, SubUserTexts};
use super::row_form::row_form;
use super::{KEY, REMOVE, role_name};
use crate::components::{Table, Time};
use crate::i18n::{fill, group_digits, language};
use crate::part::{IntoPart, Part};
use crate::portal::{Role, SubUserRow};
use crate::server_fns::{DisableSubUser, EnableSubUser, EndSubUserSessions, SetSubUserRole};

const BUTTON: &str = "button small quiet";

/// The sub-users and what can be done with each.
pub(super) fn table(rows: Vec<SubUserRow>) -> Part {
    let t = SubUserTexts::here();
    if rows.is_empty() {
        return view! { <p class="empty">{t.empty}</p> }.part();
    }
    let columns = vec![
        (t.column_username, Some("name-cell")),
        (t.column_role, None),
        (t.column_mail, Some("name-cell")),
        (t.column_keys, Some("number-cell")),
        (t.column_last_seen, Some("time-cell")),
        (t.column_state, None),
        (t.column_actions, Some("actions-cell")),
    ];
    let rows = rows.into_iter().map(|row| (None, cells(row))).collect::<Vec<_>>();
    view! { <Table label=t.heading columns rows/> }.part()
}

fn cells(row: SubUserRow) -> Vec<Part> {
    let t = SubUserTexts::here();
    let name = row.username.as_str();
    let switch = if row.disabled {
        row_form::<EnableSubUser>(name, t.enable, BUTTON, None)
    } else {
        row_form::<DisableSubUser>(name, t.disable, "button small danger", None)
    };
    let (label, role) = match row.role {
        Role::ManagesKeys => (t.let_read, Role::ReadsOnly),
        Role::ReadsOnly => (t.let_manage, Role::ManagesKeys),
    };
    let change_role = row_form::<SetSubUserRole>(name, label, BUTTON, Some(role));
    let end = (!row.disabled).then(|| row_form::<EndSubUserSessions>(name, t.end_sessions, BUTTON, None));
    let of_row = |path: &str| format!("{path}?{}", query_of("user", name));
    let named = |what: &'static str| fill("{what}: {name}", &[("what", &what), ("name", &name)]);
    let is_able = !row.disabled && row.role == Role::ManagesKeys;
    let generate = is_able.then(|| {
        view! { <a class=BUTTON href=of_row(KEY) aria-label=named(t.generate)>{t.generate}</a> }
    });
    let remove = view! {
        <a class="button small danger" href=of_row(REMOVE) aria-label=named(t.remove)>{t.remove}</a>
    };
    let actions = view! { <div class="row-forms">{generate}{change_role}{end}{switch}{remove}</div> }.part();
    vec![
        row.username.clone().part(),
        role_name(row.role).part(),
        row.email.unwrap_or_default().part(),
        group_digits(language(), row.keys).part(),
        view! { <Time moment=row.last_seen/> }.part(),
        (if row.disabled { t.disabled } else { t.active }).part(),
        actions,
    ]
}
