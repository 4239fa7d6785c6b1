//! Mail that waits to be sent.

use super::SqliteStore;
use super::rows::{corrupt, has, micros, number, numbers, sort_out, user_no, username};
use crate::Trouble;
use crate::statements::{Query, Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{MailNumber, NoticeNumber, UserNumber};
use domain::notice::letters::address_of_letter;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{MailContent, MailRow, MailStore, MailUser, NewMail, StoreError};

macro_rules! select {
    () => {
        "SELECT m.no AS mail_no, m.notice_no, m.payload, m.created_at AS queued_at, m.attempts,
    m.user_no, u.username, m.email AS kept_email, u.email, u.email_confirmed_at, u.language, u.time_zone
    FROM mails m LEFT JOIN users u ON u.no = m.user_no"
    };
}

/// When a mail is due whose row cannot be read: never.
const NEVER: i64 = i64::MAX;
/// The first due mail of each user who had no turn yet, and every due mail that belongs to no user.
pub(super) const DUE: &str = concat!(
    select!(),
    " WHERE m.due_at <= ?1
    AND (m.user_no IS NULL OR (+m.user_no NOT IN (SELECT value FROM json_each(?3))
        AND m.no = (SELECT no FROM mails WHERE user_no = m.user_no ORDER BY due_at, no LIMIT 1)))
    ORDER BY m.due_at, m.no LIMIT ?2"
);
pub(super) const OLD: &str = concat!(
    select!(),
    " WHERE m.created_at < ?1 AND m.due_at < 9223372036854775807 ORDER BY m.created_at LIMIT ?2"
);

/// Queues a letter within the transaction of what it tells of.
pub(super) async fn insert(tx: &mut Tx, mail: &NewMail) -> Result<(), Trouble> {
    let sql = "INSERT INTO mails (user_no, payload, created_at, due_at) VALUES (?1, ?2, ?3, ?3)";
    tx.run(sql!(sql, mail.user.map(|user| user.0), &mail.payload, mail.due_at.0)).await.map(drop)
}

/// Queues the mail about a notice within the transaction that makes the notice.
pub(super) async fn insert_for_notice(
    tx: &mut Tx,
    user: UserNumber,
    notice: NoticeNumber,
    due_at: Micros,
) -> Result<(), Trouble> {
    let sql = "INSERT INTO mails (user_no, notice_no, created_at, due_at) VALUES (?1, ?2, ?3, ?3)";
    tx.run(sql!(sql, user.0, notice.0, due_at.0)).await.map(drop)
}

/// Before a user's address is replaced: makes what they are still to be told of go to the present one, at once, because the
/// next one may be a thief's.
pub(super) async fn keep_address(tx: &mut Tx, user: UserNumber, at: Micros) -> Result<(), Trouble> {
    let sql = "UPDATE mails SET email = (SELECT email FROM users WHERE no = ?1), due_at = min(due_at, ?2)
               WHERE user_no = ?1 AND notice_no IS NOT NULL AND email IS NULL AND due_at < ?3
               AND EXISTS (SELECT 1 FROM users WHERE no = ?1 AND email_confirmed_at IS NOT NULL)";
    tx.run(sql!(sql, user.0, at.0, NEVER)).await.map(drop)
}

fn mail_row(row: &SqliteRow) -> Result<MailRow, Trouble> {
    let content = match (row.try_get::<Option<i64>, _>("notice_no")?, row.try_get("payload")?) {
        (Some(notice), None) => MailContent::Notice(NoticeNumber(notice)),
        (None, Some(payload)) => MailContent::Letter(payload),
        _ => return Err(corrupt("mail")),
    };
    let concerned = has(row, "user_no")?;
    Ok(MailRow {
        number: MailNumber(row.try_get("mail_no")?),
        content,
        user: concerned.then(|| mail_user(row)).transpose()?,
        created_at: micros(row, "queued_at")?,
        attempts: number(row.try_get("attempts")?)?,
    })
}

fn mail_user(row: &SqliteRow) -> Result<MailUser, Trouble> {
    Ok(MailUser {
        number: user_no(row, "user_no")?,
        username: username(row)?,
        email: address_of_letter(
            row.try_get("kept_email")?,
            row.try_get("email")?,
            has(row, "email_confirmed_at")?,
        ),
        language: row.try_get("language")?,
        time_zone: row.try_get("time_zone")?,
    })
}

#[async_trait]
impl MailStore for SqliteStore {
    async fn insert_mail(&self, mail: NewMail) -> Result<(), StoreError> {
        change!(self, |tx| insert(tx, &mail).await)
    }

    async fn claim_due_mails(
        &self,
        now: Micros,
        until: Micros,
        most: u32,
        served: &[UserNumber],
    ) -> Result<Vec<MailRow>, StoreError> {
        let mut claims = self.mail_claims.at(now).await;
        let served = numbers(served.iter().map(|user| user.0));
        let with_claimed = most.saturating_add(u32::try_from(claims.len()).unwrap_or(u32::MAX));
        let mut due = self.list_readable_mails(|| sql!(DUE, now.0, with_claimed, &served)).await?;
        due.retain(|mail| !claims.contains_key(&mail.number));
        due.truncate(most as usize);
        claims.extend(due.iter().map(|mail| (mail.number, until)).filter(|_| now < until));
        Ok(due)
    }

    async fn release_mails(&self, mails: &[MailNumber]) -> Result<(), StoreError> {
        self.mail_claims.release(mails.iter().copied()).await;
        Ok(())
    }

    async fn list_old_mails(&self, before: Micros, most: u32) -> Result<Vec<MailRow>, StoreError> {
        self.list_readable_mails(|| sql!(OLD, before.0, most)).await
    }

    async fn delete_mail(&self, mail: MailNumber) -> Result<bool, StoreError> {
        let sql = "DELETE FROM mails WHERE no = ?";
        let deleted = change!(self, |tx| Ok(tx.run(sql!(sql, mail.0)).await? > 0))?;
        self.mail_claims.release([mail]).await;
        Ok(deleted)
    }

    async fn postpone_mail(&self, mail: MailNumber, due_at: Micros) -> Result<(), StoreError> {
        let sql = "UPDATE mails SET attempts = attempts + 1, due_at = ? WHERE no = ?";
        change!(self, |tx| tx.run(sql!(sql, due_at.0, mail.0)).await)?;
        self.mail_claims.release([mail]).await;
        Ok(())
    }

    async fn count_mails(&self) -> Result<u64, StoreError> {
        self.count(sql!("SELECT count(*) FROM mails WHERE due_at < ?", NEVER)).await
    }
}

impl SqliteStore {
    /// What a query finds; rows that cannot be read are set aside and asked past.
    async fn list_readable_mails<'q>(
        &self,
        query: impl Fn() -> Query<'q>,
    ) -> Result<Vec<MailRow>, StoreError> {
        loop {
            let rows = query().fetch_all(&self.readers).await.map_err(Trouble::from)?;
            let (mails, unreadable) = sort_out("mails", &rows, "mail_no", mail_row)?;
            if unreadable.is_empty() {
                return Ok(mails);
            }
            let aside = "UPDATE mails SET due_at = ? WHERE no IN (SELECT value FROM json_each(?))";
            let unreadable = numbers(unreadable.into_iter());
            change!(self, |tx| tx.run(sql!(aside, NEVER, unreadable)).await)?;
        }
    }
}
