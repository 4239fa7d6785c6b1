//! Mail that is to be sent.

use super::SqliteStore;
use super::rows::{corrupt, micros, number, numbers, sort_out, user_no, username};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{MailNo, NoticeNo, UserNo};
use domain::notice::letters::address_of_letter;
use domain::time::Micros;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{MailContent, MailRow, MailStore, MailUser, NewMail, StoreError};

macro_rules! select {
    () => {
        "SELECT m.no AS mail_no, m.notice_no, m.payload, m.created_at AS queued_at, m.attempts,
    m.user_no, u.username, m.email AS kept_email, u.email, u.email_confirmed_at, u.language, u.time_zone
    FROM mails m LEFT JOIN users u ON u.no = m.user_no"
    };
}

/// Due at this time is what nobody can read: never.
const NEVER: i64 = i64::MAX;
/// The first of each user that is due, but for those who had their turn; what belongs to no user is one by itself.
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
pub(super) async fn insert(connection: &mut SqliteConnection, mail: &NewMail) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO mails (user_no, payload, created_at, due_at) VALUES (?1, ?2, ?3, ?3)")
        .bind(mail.user.map(|user| i64::from(user.0)))
        .bind(&mail.payload)
        .bind(mail.due_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Queues the mail about a notice within the transaction that makes the notice.
pub(super) async fn insert_for_notice(
    connection: &mut SqliteConnection,
    user: UserNo,
    notice: NoticeNo,
    due_at: Micros,
) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO mails (user_no, notice_no, created_at, due_at) VALUES (?1, ?2, ?3, ?3)")
        .bind(i64::from(user.0))
        .bind(i64::from(notice.0))
        .bind(due_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Before the address of a user is replaced: what it is still to be told of goes to the present one, now, because the next
/// one may be a thief's.
pub(super) async fn keep_address(
    connection: &mut SqliteConnection,
    user: UserNo,
    at: Micros,
) -> Result<(), Trouble> {
    sqlx::query(
        "UPDATE mails SET email = (SELECT email FROM users WHERE no = ?1), due_at = min(due_at, ?2)
         WHERE user_no = ?1 AND notice_no IS NOT NULL AND email IS NULL AND due_at < ?3
         AND EXISTS (SELECT 1 FROM users WHERE no = ?1 AND email_confirmed_at IS NOT NULL)",
    )
    .bind(i64::from(user.0))
    .bind(at.0)
    .bind(NEVER)
    .execute(connection)
    .await?;
    Ok(())
}

fn mail_row(row: &SqliteRow) -> Result<MailRow, Trouble> {
    let content = match (row.try_get::<Option<i64>, _>("notice_no")?, row.try_get("payload")?) {
        (Some(notice), None) => MailContent::Notice(NoticeNo(number(notice)?)),
        (None, Some(payload)) => MailContent::Letter(payload),
        _ => return Err(corrupt("mail")),
    };
    let concerned = row.try_get::<Option<i64>, _>("user_no")?.is_some();
    Ok(MailRow {
        no: MailNo(number(row.try_get("mail_no")?)?),
        content,
        user: concerned.then(|| mail_user(row)).transpose()?,
        created_at: micros(row, "queued_at")?,
        attempts: number(row.try_get("attempts")?)?,
    })
}

fn mail_user(row: &SqliteRow) -> Result<MailUser, Trouble> {
    Ok(MailUser {
        no: user_no(row, "user_no")?,
        username: username(row)?,
        email: address_of_letter(
            row.try_get("kept_email")?,
            row.try_get("email")?,
            row.try_get::<Option<i64>, _>("email_confirmed_at")?.is_some(),
        ),
        language: row.try_get("language")?,
        time_zone: row.try_get("time_zone")?,
    })
}

#[async_trait]
impl MailStore for SqliteStore {
    async fn insert_mail(&self, mail: NewMail) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    insert(c, &mail).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn list_due_mails(
        &self,
        now: Micros,
        most: u32,
        served: &[UserNo],
    ) -> Result<Vec<MailRow>, StoreError> {
        Ok(self.list_readable_mails(DUE, now, most, Some(served)).await?)
    }

    async fn list_old_mails(&self, before: Micros, most: u32) -> Result<Vec<MailRow>, StoreError> {
        Ok(self.list_readable_mails(OLD, before, most, None).await?)
    }

    async fn delete_mail(&self, no: MailNo) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM mails WHERE no = ?").bind(i64::from(no.0)).execute(c).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn postpone_mail(&self, no: MailNo, due_at: Micros) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("UPDATE mails SET attempts = attempts + 1, due_at = ? WHERE no = ?")
                        .bind(due_at.0)
                        .bind(i64::from(no.0))
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn count_mails(&self) -> Result<u64, StoreError> {
        crate::reading(async {
            let row = sqlx::query("SELECT count(*) FROM mails WHERE due_at < ?")
                .bind(NEVER)
                .fetch_one(&self.readers)
                .await?;
            Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
        })
        .await
    }
}

impl SqliteStore {
    /// What a query finds; rows that cannot be read are set aside and asked past.
    async fn list_readable_mails(
        &self,
        sql: &'static str,
        bound: Micros,
        most: u32,
        served: Option<&[UserNo]>,
    ) -> Result<Vec<MailRow>, Trouble> {
        let served = served.map(|users| numbers(users.iter().map(|user| user.0)));
        loop {
            let query = sqlx::query(sql).bind(bound.0).bind(i64::from(most));
            let query = match &served {
                Some(served) => query.bind(served),
                None => query,
            };
            let rows = query.fetch_all(&self.readers).await?;
            let (mails, unreadable) = sort_out("mails", &rows, "mail_no", mail_row)?;
            if unreadable.is_empty() {
                return Ok(mails);
            }
            self.set_mails_aside(unreadable).await?;
        }
    }

    async fn set_mails_aside(&self, unreadable: Vec<i64>) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("UPDATE mails SET due_at = ? WHERE no IN (SELECT value FROM json_each(?))")
                        .bind(NEVER)
                        .bind(numbers(unreadable.into_iter()))
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}
