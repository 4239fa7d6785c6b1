//! Invitations.

use super::rows::{has, micros, number, role, user_no, username};
use super::{SqliteStore, audit, mails, users};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{UserNumber, Username};
use domain::invitation::{InvitationFacts, NotInvited, check_new};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{
    Acceptance, Audit, InvitationHash, InvitationRow, InvitationStore, NewInvitation, NewMail, NewUser,
    StoreError,
};

const LIST: &str = "SELECT i.*, (SELECT username FROM users WHERE no = i.owner_no) AS owner_name
    FROM invitations i WHERE i.owner_no = ? AND i.expires_at > ? ORDER BY i.no DESC";
const FIND: &str = "SELECT i.*, o.username AS owner_name, o.disabled_at AS owner_disabled_at,
    EXISTS (SELECT 1 FROM users u WHERE u.username_folded = i.username_folded) AS is_name_taken
    FROM invitations i JOIN users o ON o.no = i.owner_no WHERE i.token_hash = ?";
const INSERT: &str = "INSERT INTO invitations
    (token_hash, owner_no, username, username_folded, email, role, created_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const RENEW: &str = "UPDATE invitations SET token_hash = ?1, created_at = ?2, expires_at = ?3
    WHERE owner_no = ?4 AND username_folded = ?5 AND expires_at > ?2 RETURNING no";
pub(super) const OLD: &str = "DELETE FROM invitations WHERE expires_at <= ?";
/// Takes an invitation by deleting it: of two requests at once, one finds nothing.
const TAKE: &str =
    "DELETE FROM invitations WHERE token_hash = ? RETURNING owner_no, username, email, role, expires_at,
    (SELECT u.disabled_at FROM users u WHERE u.no = invitations.owner_no) AS owner_disabled_at";

fn facts(row: &SqliteRow) -> Result<InvitationFacts, Trouble> {
    Ok(InvitationFacts {
        expires_at: micros(row, "expires_at")?,
        owner_disabled: has(row, "owner_disabled_at")?,
    })
}

fn invitation_row(row: &SqliteRow) -> Result<InvitationRow, Trouble> {
    let owner_name = Username::parse(row.try_get("owner_name")?);
    Ok(InvitationRow {
        owner: user_no(row, "owner_no")?,
        owner_name: owner_name.map_err(|_| super::rows::corrupt("username"))?,
        username: username(row)?,
        email: row.try_get("email")?,
        role: role(row)?,
        expires_at: micros(row, "expires_at")?,
    })
}

async fn insert(tx: &mut Tx, invitation: &NewInvitation, most: u32) -> Result<(), Trouble> {
    let folded = invitation.username.folded();
    tx.run(sql!(OLD, invitation.at.0)).await?;
    let taken = tx.optional(sql!("SELECT 1 FROM users WHERE username_folded = ?", &folded)).await?;
    let open =
        tx.one(sql!("SELECT count(*) FROM invitations WHERE owner_no = ?", invitation.owner.0)).await?;
    check_new(taken.is_some(), number(open.try_get(0)?)?, most).map_err(|refused| match refused {
        NotInvited::Taken => StoreError::Conflict,
        NotInvited::TooMany => StoreError::LimitReached,
    })?;
    tx.run(sql!(
        INSERT,
        invitation.hash.0.as_slice(),
        invitation.owner.0,
        invitation.username.as_str(),
        folded,
        &invitation.email,
        invitation.role as u8,
        invitation.at.0,
        invitation.expires_at.0
    ))
    .await?;
    Ok(())
}

#[async_trait]
impl InvitationStore for SqliteStore {
    async fn insert_invitation(
        &self,
        invitation: NewInvitation,
        most: u32,
        mail: Option<NewMail>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            insert(tx, &invitation, most).await?;
            if let Some(mail) = mail {
                mails::insert(tx, &mail).await?;
            }
            audit::write(tx, &audit, None).await
        })
    }

    async fn list_invitations(
        &self,
        owner: UserNumber,
        now: Micros,
    ) -> Result<Vec<InvitationRow>, StoreError> {
        self.list(sql!(LIST, owner.0, now.0), invitation_row).await
    }

    async fn find_invitation(
        &self,
        hash: InvitationHash,
        now: Micros,
    ) -> Result<Option<InvitationRow>, StoreError> {
        let open = |row: &SqliteRow| {
            let is_open = facts(row)?.holds(now) && !row.try_get::<bool, _>("is_name_taken")?;
            is_open.then(|| invitation_row(row)).transpose()
        };
        Ok(self.find(sql!(FIND, hash.0.as_slice()), open).await?.flatten())
    }

    async fn delete_invitation(
        &self,
        owner: UserNumber,
        username: &Username,
        audit: Audit,
    ) -> Result<(), StoreError> {
        let folded = username.folded();
        change!(self, |tx| {
            let sql = "DELETE FROM invitations
                       WHERE owner_no = ? AND username_folded = ? AND expires_at > ? RETURNING no";
            tx.one(sql!(sql, owner.0, &folded, audit.at.0)).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn renew_invitation(
        &self,
        invitation: NewInvitation,
        mail: Option<NewMail>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let (folded, at) = (invitation.username.folded(), invitation.at.0);
            let (hash, end) = (invitation.hash.0.as_slice(), invitation.expires_at.0);
            tx.one(sql!(RENEW, hash, at, end, invitation.owner.0, folded)).await?;
            if let Some(mail) = mail {
                mails::insert(tx, &mail).await?;
            }
            audit::write(tx, &audit, None).await
        })
    }

    async fn accept_invitation(&self, acceptance: Acceptance) -> Result<UserNumber, StoreError> {
        let Acceptance { hash, password_hash, added, accepted } = acceptance;
        change!(self, |tx| {
            let taken = tx.one(sql!(TAKE, hash.0.as_slice())).await?;
            if !facts(&taken)?.holds(added.at) {
                return Err(StoreError::NotFound.into());
            }
            let user = NewUser {
                owner: Some(user_no(&taken, "owner_no")?),
                username: username(&taken)?,
                email: taken.try_get("email")?,
                // The link was shown to the owner too, so it proves nothing about the address.
                email_confirmed: false,
                role: role(&taken)?,
                password_hash,
                at: added.at,
            };
            let number = users::insert(tx, user, &added).await?;
            audit::write(tx, &accepted, None).await?;
            Ok(number)
        })
    }
}
