use leptos::prelude::*;

use super::super::texts::{Served, SubUserTexts};
use super::role_name;
use super::row_form::row_form;
use crate::components::{Table, Time};
use crate::part::{IntoPart, Part};
use crate::portal::InvitationRow;
use crate::server_fns::{RenewInvitation, WithdrawInvitation};

/// The invitations that nobody has taken up yet.
pub(super) fn pending(invitations: Vec<InvitationRow>, mail_is_on: bool) -> Part {
    let t = SubUserTexts::here();
    let columns = vec![
        (t.column_username, Some("name-cell")),
        (t.column_role, None),
        (t.column_mail, Some("name-cell")),
        (t.column_expires, Some("time-cell")),
        (t.column_actions, Some("actions-cell")),
    ];
    let rows = invitations.into_iter().map(|row| {
        let is_sent = mail_is_on && row.email.is_some();
        let label = if is_sent { t.send_again } else { t.new_link };
        let renew = row_form::<RenewInvitation>(&row.username, label, "button small quiet", None);
        let withdraw = row_form::<WithdrawInvitation>(&row.username, t.withdraw, "button small quiet", None);
        let cells = vec![
            row.username.part(),
            role_name(row.role).part(),
            row.email.unwrap_or_default().part(),
            view! { <Time moment=Some(row.expires)/> }.part(),
            view! { <div class="row-forms">{renew}{withdraw}</div> }.part(),
        ];
        (None, cells)
    });
    view! {
        <section class="below">
            <h2>{t.pending_heading}</h2>
            <Table label=t.pending_heading columns rows=rows.collect()/>
        </section>
    }
    .part()
}
