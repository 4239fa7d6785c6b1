//! Reminders that passwords end.

use super::rows::{micros, user_no};
use super::{SqliteStore, notices};
use crate::Trouble;
use async_trait::async_trait;
use contract::Cause;
use domain::ids::UserNo;
use domain::time::Micros;
use sqlx::{Row, SqliteConnection};
use store::{NewNotice, ReminderStore, Reminders, StoreError};

/// Users that one transaction tells.
const CHUNK: usize = 100;

pub(super) const ENDING: &str = "SELECT u.no, u.password_set_at, u.reminded_age
    FROM users u LEFT JOIN users o ON o.no = u.owner_no
    WHERE u.totp_sealed IS NULL AND u.disabled_at IS NULL AND o.disabled_at IS NULL
    AND u.password_set_at <= ? AND u.password_set_at > ?";

#[async_trait]
impl ReminderStore for SqliteStore {
    async fn remind_of_passwords(&self, reminders: Reminders) -> Result<u64, StoreError> {
        crate::reading(async {
            let seconds = reminders.max_age_seconds - reminders.days.last().copied().unwrap_or(0) * 24 * 3600;
            // Read apart from the writer: most of the time there is nothing to write.
            let rows = sqlx::query(ENDING)
                .bind(reminders.now.plus_seconds(-seconds).0)
                .bind(reminders.now.plus_seconds(-reminders.max_age_seconds).0)
                .fetch_all(&self.readers)
                .await?;
            let mut due = Vec::new();
            for row in &rows {
                let set_at = micros(row, "password_set_at")?;
                let reminded: Option<i64> = row.try_get("reminded_age")?;
                let Some(days) = reminders.due(set_at) else { continue };
                let age = reminders.max_age_seconds / (24 * 3600) - days;
                if reminded.is_none_or(|last| age > last) {
                    due.push(Due { user: user_no(row, "no")?, set_at, age, days });
                }
            }
            let mut told = 0;
            for chunk in due.chunks(CHUNK) {
                match self.remind(chunk.to_vec(), reminders.now).await {
                    Ok(some) => told += some,
                    // Perhaps one of them cannot be told; the others do not wait for it.
                    Err(_) => told += self.remind_each(chunk, reminders.now).await?,
                }
            }
            Ok(told)
        })
        .await
    }
}

/// A reminder that is due.
#[derive(Clone)]
struct Due {
    user: UserNo,
    set_at: Micros,
    /// The age of the password, in days, at which it became so.
    age: i64,
    /// The days that are left then.
    days: i64,
}

impl SqliteStore {
    async fn remind(&self, users: Vec<Due>, now: Micros) -> Result<u64, StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let mut told = 0;
                    for due in users {
                        told += u64::from(remind_one(c, &due, now).await?);
                    }
                    Ok((told, vec![]))
                })
            })
            .await
    }
}

impl SqliteStore {
    /// Tells each by itself; fails when none can be told.
    async fn remind_each(&self, users: &[Due], now: Micros) -> Result<u64, StoreError> {
        let (mut told, mut failures) = (0, Vec::new());
        for due in users {
            match self.remind(vec![due.clone()], now).await {
                Ok(some) => told += some,
                Err(error) => failures.push((due.user, error)),
            }
        }
        if failures.len() == users.len() {
            return failures.into_iter().next().map_or(Ok(told), |(_, error)| Err(error));
        }
        for (user, error) in failures {
            tracing::debug!(user = user.0, %error, "a user could not be told that its password ends");
        }
        Ok(told)
    }
}

/// Tells one user, unless something has changed meanwhile.
async fn remind_one(connection: &mut SqliteConnection, due: &Due, now: Micros) -> Result<bool, Trouble> {
    let done = sqlx::query(
        "UPDATE users SET reminded_age = ?1 WHERE no = ?2 AND password_set_at = ?3 AND totp_sealed IS NULL
         AND (reminded_age IS NULL OR reminded_age < ?1)",
    )
    .bind(due.age)
    .bind(i64::from(due.user.0))
    .bind(due.set_at.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let notice = NewNotice {
        user: due.user,
        cause: Cause::PasswordExpiring,
        key: None,
        at: now,
        count: 1,
        addresses: Vec::new(),
        detail: due.days.to_string(),
    };
    notices::insert(connection, &notice).await?;
    Ok(true)
}
