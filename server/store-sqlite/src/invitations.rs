//! Invitations.

use super::rows::{micros, number, role, user_no, username};
use super::{SqliteStore, audit, mails, users};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{UserNo, Username};
use domain::invitation::{InvitationFacts, NotInvited, check_new};
use domain::time::Micros;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
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
pub(super) const OLD: &str = "DELETE FROM invitations WHERE expires_at <= ?";
/// A person who deletes it has it: of two at once, one finds nothing.
const TAKE: &str =
    "DELETE FROM invitations WHERE token_hash = ? RETURNING owner_no, username, email, role, expires_at,
    (SELECT u.disabled_at FROM users u WHERE u.no = invitations.owner_no) AS owner_disabled_at";

fn facts(row: &SqliteRow) -> Result<InvitationFacts, Trouble> {
    Ok(InvitationFacts {
        expires_at: micros(row, "expires_at")?,
        owner_disabled: row.try_get::<Option<i64>, _>("owner_disabled_at")?.is_some(),
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

async fn insert(
    connection: &mut SqliteConnection,
    invitation: &NewInvitation,
    most: u32,
) -> Result<(), Trouble> {
    let folded = invitation.username.folded();
    sqlx::query(OLD).bind(invitation.at.0).execute(&mut *connection).await?;
    let taken = sqlx::query("SELECT 1 FROM users WHERE username_folded = ?")
        .bind(&folded)
        .fetch_optional(&mut *connection)
        .await?;
    let open = sqlx::query("SELECT count(*) FROM invitations WHERE owner_no = ?")
        .bind(i64::from(invitation.owner.0))
        .fetch_one(&mut *connection)
        .await?;
    check_new(taken.is_some(), number(open.try_get(0)?)?, most).map_err(|refused| match refused {
        NotInvited::Taken => StoreError::Conflict,
        NotInvited::TooMany => StoreError::Full,
    })?;
    sqlx::query(INSERT)
        .bind(invitation.hash.0.to_vec())
        .bind(i64::from(invitation.owner.0))
        .bind(invitation.username.as_str())
        .bind(folded)
        .bind(&invitation.email)
        .bind(i64::from(invitation.role as u8))
        .bind(invitation.at.0)
        .bind(invitation.expires_at.0)
        .execute(connection)
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
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    insert(c, &invitation, most).await?;
                    if let Some(mail) = mail {
                        mails::insert(c, &mail).await?;
                    }
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn list_invitations(&self, owner: UserNo, now: Micros) -> Result<Vec<InvitationRow>, StoreError> {
        crate::reading(async {
            let rows =
                sqlx::query(LIST).bind(i64::from(owner.0)).bind(now.0).fetch_all(&self.readers).await?;
            rows.iter().map(invitation_row).collect()
        })
        .await
    }

    async fn find_invitation(
        &self,
        hash: InvitationHash,
        now: Micros,
    ) -> Result<Option<InvitationRow>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(FIND).bind(hash.0.to_vec()).fetch_optional(&self.readers).await?;
            match row {
                Some(row) if facts(&row)?.holds(now) && !row.try_get::<bool, _>("is_name_taken")? => {
                    invitation_row(&row).map(Some)
                }
                _ => Ok(None),
            }
        })
        .await
    }

    async fn delete_invitation(
        &self,
        owner: UserNo,
        username: &Username,
        audit: Audit,
    ) -> Result<(), StoreError> {
        let folded = username.folded();
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query(
                        "DELETE FROM invitations
                         WHERE owner_no = ? AND username_folded = ? AND expires_at > ? RETURNING no",
                    )
                    .bind(i64::from(owner.0))
                    .bind(&folded)
                    .bind(audit.at.0)
                    .fetch_one(&mut *c)
                    .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn accept_invitation(&self, acceptance: Acceptance) -> Result<UserNo, StoreError> {
        let Acceptance { hash, password_hash, added, accepted } = acceptance;
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let taken = sqlx::query(TAKE).bind(hash.0.to_vec()).fetch_one(&mut *c).await?;
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
                    let (no, changes) = users::insert(c, user, &added).await?;
                    audit::write(c, &accepted, None).await?;
                    Ok((no, changes))
                })
            })
            .await
    }
}
