//! Sub-users and invitations.

use super::moment;
use crate::portal::{InvitationRow, SubUserRow};
use domain::time_zone::TimeZone;
use service::accounts::SubUserList;
use service::records::InvitationRow as StoredInvitation;

pub(crate) fn sub_user_rows(list: &SubUserList, zone: &TimeZone) -> Vec<SubUserRow> {
    let rows = list.sub_users.iter().map(|sub_user| {
        let row = &sub_user.row;
        SubUserRow {
            username: row.username.to_string(),
            role: row.role,
            email: row.email.clone(),
            keys: sub_user.keys as u64,
            last_seen: row.last_seen_at.map(|at| moment(at, zone)),
            disabled: row.disabled,
        }
    });
    rows.collect()
}

pub(crate) fn invitation_row(row: &StoredInvitation, zone: &TimeZone) -> InvitationRow {
    InvitationRow {
        username: row.username.to_string(),
        role: row.role,
        email: row.email.clone(),
        expires: moment(row.expires_at, zone),
    }
}
