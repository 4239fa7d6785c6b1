//! Second factors.

use super::rows::micros;
use super::sessions::{check_standing, renew};
use super::users::{end_other_sessions, end_sessions};
use super::{SqliteStore, audit, sessions};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{SessionNo, UserNo};
use domain::time::Micros;
use domain::token::TokenHash;
use sqlx::{Row, SqliteConnection};
use store::{Action, Audit, Factor, NewFactor, NewSession, Renewal, SecondFactorStore, StoreError};

#[async_trait]
impl SecondFactorStore for SqliteStore {
    async fn begin_enrolment(
        &self,
        user: UserNo,
        session: SessionNo,
        sealed: Vec<u8>,
        at: Micros,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_standing(c, session).await?;
                    sqlx::query(
                        "INSERT OR REPLACE INTO totp_enrolments (user_no, session_no, sealed, created_at)
                         SELECT no, ?2, ?3, ?4 FROM users WHERE no = ?1 AND totp_sealed IS NULL RETURNING user_no",
                    )
                    .bind(i64::from(user.0))
                    .bind(i64::from(session.0))
                    .bind(sealed)
                    .bind(at.0)
                    .fetch_one(c)
                    .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn find_enrolment(
        &self,
        user: UserNo,
        session: SessionNo,
    ) -> Result<Option<(Vec<u8>, Micros)>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(
                "SELECT sealed, created_at FROM totp_enrolments WHERE user_no = ? AND session_no = ?",
            )
            .bind(i64::from(user.0))
            .bind(i64::from(session.0))
            .fetch_optional(&self.readers)
            .await?;
            row.map(|row| Ok((row.try_get("sealed")?, micros(&row, "created_at")?))).transpose()
        })
        .await
    }

    async fn cancel_enrolment(&self, user: UserNo, session: SessionNo) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM totp_enrolments WHERE user_no = ? AND session_no = ?")
                        .bind(i64::from(user.0))
                        .bind(i64::from(session.0))
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn confirm_enrolment(&self, factor: NewFactor, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let no = i64::from(factor.user.0);
                    renew(c, factor.kept, Some(audit.at)).await?;
                    sqlx::query(
                        "DELETE FROM totp_enrolments WHERE user_no = ? AND session_no = ? AND created_at = ?
                         RETURNING user_no",
                    )
                    .bind(no)
                    .bind(i64::from(factor.kept.session.0))
                    .bind(factor.begun.0)
                    .fetch_one(&mut *c)
                    .await?;
                    sqlx::query(
                        "UPDATE users SET totp_sealed = ?, totp_step = ?, reminded_age = NULL
                         WHERE no = ? AND totp_sealed IS NULL RETURNING no",
                    )
                    .bind(factor.sealed)
                    .bind(factor.step)
                    .bind(no)
                    .fetch_one(&mut *c)
                    .await?;
                    write_codes(c, factor.user, &factor.codes).await?;
                    end_other_sessions(c, factor.user, factor.kept.session).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn count_recovery_codes(&self, user: UserNo) -> Result<u64, StoreError> {
        crate::reading(async {
            let row =
                sqlx::query("SELECT count(*) FROM recovery_codes WHERE user_no = ? AND used_at IS NULL")
                    .bind(i64::from(user.0))
                    .fetch_one(&self.readers)
                    .await?;
            Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
        })
        .await
    }

    async fn finish_login(
        &self,
        pending: SessionNo,
        session: NewSession,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query(
                        "DELETE FROM sessions WHERE no = ? AND user_no = ? AND code_pending = 1
                         RETURNING user_no",
                    )
                    .bind(i64::from(pending.0))
                    .bind(i64::from(session.user.0))
                    .fetch_one(&mut *c)
                    .await?;
                    use_up(c, session.user, factor, &audit).await?;
                    sessions::insert(c, &session).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn prove_with_factor(
        &self,
        renewal: Renewal,
        user: UserNo,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, renewal, Some(audit.at)).await?;
                    use_up(c, user, factor, &audit).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn replace_recovery_codes(
        &self,
        user: UserNo,
        renewal: Renewal,
        factor: Factor,
        codes: Vec<TokenHash>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, renewal, Some(audit.at)).await?;
                    use_up(c, user, factor, &audit).await?;
                    write_codes(c, user, &codes).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn switch_factor_off(
        &self,
        user: UserNo,
        renewal: Renewal,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, renewal, Some(audit.at)).await?;
                    use_up(c, user, factor, &audit).await?;
                    remove(c, user).await?;
                    // What waits for a code now has none to wait for.
                    sqlx::query("DELETE FROM sessions WHERE user_no = ? AND code_pending = 1")
                        .bind(i64::from(user.0))
                        .execute(&mut *c)
                        .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn reset_factor(&self, user: UserNo, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    remove(c, user).await?;
                    end_sessions(c, user).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}

/// Takes a code, so that nobody takes it again: one statement that finds it unused and marks it.
async fn use_up(
    connection: &mut SqliteConnection,
    user: UserNo,
    factor: Factor,
    audit: &Audit,
) -> Result<(), Trouble> {
    let no = i64::from(user.0);
    let done = match factor {
        Factor::Step(step) => sqlx::query(
            "UPDATE users SET totp_step = ?1 WHERE no = ?2 AND totp_step < ?1 AND totp_sealed IS NOT NULL",
        )
        .bind(step)
        .bind(no)
        .execute(connection)
        .await?,
        Factor::Recovery(hash) => {
            let done = sqlx::query(
                "UPDATE recovery_codes SET used_at = ? WHERE user_no = ? AND code_hash = ? AND used_at IS NULL",
            )
            .bind(audit.at.0)
            .bind(no)
            .bind(hash.0.to_vec())
            .execute(&mut *connection)
            .await?;
            let used = Audit { action: Action::RecoveryCodeUsed, detail: String::new(), ..audit.clone() };
            audit::write(connection, &used, None).await?;
            done
        }
    };
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict.into()) }
}

async fn write_codes(
    connection: &mut SqliteConnection,
    user: UserNo,
    codes: &[TokenHash],
) -> Result<(), Trouble> {
    let no = i64::from(user.0);
    sqlx::query("DELETE FROM recovery_codes WHERE user_no = ?").bind(no).execute(&mut *connection).await?;
    for code in codes {
        sqlx::query("INSERT INTO recovery_codes (user_no, code_hash) VALUES (?, ?)")
            .bind(no)
            .bind(code.0.to_vec())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn remove(connection: &mut SqliteConnection, user: UserNo) -> Result<(), Trouble> {
    for sql in [
        "UPDATE users SET totp_sealed = NULL, totp_step = 0 WHERE no = ?",
        "DELETE FROM recovery_codes WHERE user_no = ?",
        "DELETE FROM totp_enrolments WHERE user_no = ?",
    ] {
        sqlx::query(sql).bind(i64::from(user.0)).execute(&mut *connection).await?;
    }
    Ok(())
}
