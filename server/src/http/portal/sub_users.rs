//! Sub-users of the visitor's account, and invitations.

use super::{RequestPortal, moment};
use crate::flash::Shown;
use app::{
    Invitation, InvitationLink, InvitationRow, Password, PortalError, Proof, SubUserRow, SubUsersPage,
    SubUsersPortal,
};
use async_trait::async_trait;
use contract::Role;
use domain::time_zone::TimeZone;
use secrecy::ExposeSecret;
use service::accounts::{Invitee, SubUserList};
use store::InvitationRow as StoredInvitation;

#[async_trait]
impl SubUsersPortal for RequestPortal {
    async fn list_sub_users(&self, page: u32) -> Result<SubUsersPage, PortalError> {
        let actor = self.note(self.actor())?;
        let list = self.note(self.services.sub_users.list_sub_users(actor, page).await)?;
        let link = match self.shown(actor) {
            Some(Shown::Invitation(link)) => Some(link),
            _ => None,
        };
        Ok(SubUsersPage {
            rows: sub_user_rows(&list, &actor.time_zone),
            page: list.page,
            pages: list.pages,
            invitations: list.invitations.iter().map(|row| invitation_row(row, &actor.time_zone)).collect(),
            fresh_link: link.map(|link| link.expose_secret().to_owned()),
            mail_is_on: self.services.mail_is_on,
        })
    }

    async fn invite_sub_user(
        &self,
        username: String,
        email: String,
        role: Role,
        proof: Proof,
    ) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let invitee = Invitee { username, email, role };
        let name = self.draw_name()?;
        let invited = self.services.sub_users.invite_sub_user(&actor, invitee, self.language).await;
        let link = self.note(invited)?;
        self.keep(&actor, name, Shown::Invitation(link));
        Ok(())
    }

    async fn withdraw_invitation(&self, username: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.sub_users.withdraw_invitation(actor, &username).await)
    }

    async fn disable_sub_user(&self, username: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.sub_users.disable(actor, &username).await)
    }

    async fn enable_sub_user(&self, username: String, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.sub_users.enable(&actor, &username).await)
    }

    async fn end_sub_user_sessions(&self, username: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.sub_users.end_sessions(actor, &username).await)
    }

    async fn set_sub_user_role(&self, username: String, role: Role, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.sub_users.set_role(&actor, &username, role).await)
    }

    async fn find_invitation(&self, link: InvitationLink) -> Result<Invitation, PortalError> {
        let found = self.note(self.services.sub_users.find_invitation(&link.0).await)?;
        Ok(Invitation {
            owner: found.owner_name.to_string(),
            username: found.username.to_string(),
            // Who is invited has not chosen a zone yet.
            expires: moment(found.expires_at, &TimeZone::default()),
        })
    }

    async fn accept_invitation(&self, link: InvitationLink, password: Password) -> Result<(), PortalError> {
        let accepted = self.services.sub_users.accept_invitation(&link.0, password.take(), &self.visit).await;
        self.begin(accepted)
    }
}

fn sub_user_rows(list: &SubUserList, zone: &TimeZone) -> Vec<SubUserRow> {
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

fn invitation_row(row: &StoredInvitation, zone: &TimeZone) -> InvitationRow {
    InvitationRow {
        username: row.username.to_string(),
        role: row.role,
        email: row.email.clone(),
        expires: moment(row.expires_at, zone),
    }
}
