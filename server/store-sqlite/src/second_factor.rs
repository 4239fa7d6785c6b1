//! Second factors.

use super::rows::micros;
use super::sessions::{check_standing, renew};
use super::users::{end_other_sessions, end_sessions};
use super::{SqliteStore, audit, sessions};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;
use domain::token::TokenHash;
use sqlx::Row;
use store::{Action, Audit, Factor, NewFactor, NewSession, Renewal, SecondFactorStore, StoreError};

#[async_trait]
impl SecondFactorStore for SqliteStore {
    async fn begin_enrolment(
        &self,
        user: UserNumber,
        session: SessionNumber,
        sealed: Vec<u8>,
        at: Micros,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_standing(tx, session).await?;
            let sql = "INSERT OR REPLACE INTO totp_enrolments (user_no, session_no, sealed, created_at)
                       SELECT no, ?2, ?3, ?4 FROM users WHERE no = ?1 AND totp_sealed IS NULL
                       RETURNING user_no";
            tx.one(sql!(sql, user.0, session.0, sealed, at.0)).await.map(drop)
        })
    }

    async fn find_enrolment(
        &self,
        user: UserNumber,
        session: SessionNumber,
    ) -> Result<Option<(Vec<u8>, Micros)>, StoreError> {
        let sql = "SELECT sealed, created_at FROM totp_enrolments WHERE user_no = ? AND session_no = ?";
        let waiting = |row: &_| Ok((Row::try_get(row, "sealed")?, micros(row, "created_at")?));
        self.find(sql!(sql, user.0, session.0), waiting).await
    }

    async fn cancel_enrolment(&self, user: UserNumber, session: SessionNumber) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "DELETE FROM totp_enrolments WHERE user_no = ? AND session_no = ?";
            tx.run(sql!(sql, user.0, session.0)).await.map(drop)
        })
    }

    async fn confirm_enrolment(&self, factor: NewFactor, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, factor.kept, Some(audit.at)).await?;
            let sql = "DELETE FROM totp_enrolments WHERE user_no = ? AND session_no = ? AND created_at = ?
                       RETURNING user_no";
            tx.one(sql!(sql, factor.user.0, factor.kept.session.0, factor.begun.0)).await?;
            let sql = "UPDATE users SET totp_sealed = ?, totp_step = ?, reminded_age = NULL
                       WHERE no = ? AND totp_sealed IS NULL RETURNING no";
            tx.one(sql!(sql, factor.sealed, factor.step, factor.user.0)).await?;
            write_codes(tx, factor.user, &factor.codes).await?;
            end_other_sessions(tx, factor.user, factor.kept.session).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn count_recovery_codes(&self, user: UserNumber) -> Result<u64, StoreError> {
        self.count(sql!("SELECT count(*) FROM recovery_codes WHERE user_no = ? AND used_at IS NULL", user.0))
            .await
    }

    async fn finish_login(
        &self,
        pending: SessionNumber,
        session: NewSession,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "DELETE FROM sessions WHERE no = ? AND user_no = ? AND code_pending = 1
                       RETURNING user_no";
            tx.one(sql!(sql, pending.0, session.user.0)).await?;
            use_up(tx, session.user, factor, &audit).await?;
            sessions::insert(tx, &session).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn prove_with_factor(
        &self,
        renewal: Renewal,
        user: UserNumber,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, renewal, Some(audit.at)).await?;
            use_up(tx, user, factor, &audit).await
        })
    }

    async fn replace_recovery_codes(
        &self,
        user: UserNumber,
        renewal: Renewal,
        factor: Factor,
        codes: Vec<TokenHash>,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, renewal, Some(audit.at)).await?;
            use_up(tx, user, factor, &audit).await?;
            write_codes(tx, user, &codes).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn switch_factor_off(
        &self,
        user: UserNumber,
        renewal: Renewal,
        factor: Factor,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, renewal, Some(audit.at)).await?;
            use_up(tx, user, factor, &audit).await?;
            remove(tx, user).await?;
            // What waits for a code now has none to wait for.
            tx.run(sql!("DELETE FROM sessions WHERE user_no = ? AND code_pending = 1", user.0)).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn reset_factor(&self, user: UserNumber, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            remove(tx, user).await?;
            end_sessions(tx, user).await?;
            audit::write(tx, &audit, None).await
        })
    }
}

/// Uses a code up: one statement finds it unused and marks it, so that it never counts twice.
async fn use_up(tx: &mut Tx, user: UserNumber, factor: Factor, audit: &Audit) -> Result<(), Trouble> {
    let done = match factor {
        Factor::Step(step) => {
            let sql = "UPDATE users SET totp_step = ?1
                       WHERE no = ?2 AND totp_step < ?1 AND totp_sealed IS NOT NULL";
            tx.run(sql!(sql, step, user.0)).await?
        }
        Factor::Recovery(hash) => {
            let sql = "UPDATE recovery_codes SET used_at = ?
                       WHERE user_no = ? AND code_hash = ? AND used_at IS NULL";
            let done = tx.run(sql!(sql, audit.at.0, user.0, hash.0.as_slice())).await?;
            let used = Audit { action: Action::RecoveryCodeUsed, detail: String::new(), ..audit.clone() };
            audit::write(tx, &used, None).await?;
            done
        }
    };
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict.into()) }
}

async fn write_codes(tx: &mut Tx, user: UserNumber, codes: &[TokenHash]) -> Result<(), Trouble> {
    tx.run(sql!("DELETE FROM recovery_codes WHERE user_no = ?", user.0)).await?;
    for code in codes {
        tx.run(sql!(
            "INSERT INTO recovery_codes (user_no, code_hash) VALUES (?, ?)",
            user.0,
            code.0.as_slice()
        ))
        .await?;
    }
    Ok(())
}

async fn remove(tx: &mut Tx, user: UserNumber) -> Result<(), Trouble> {
    for sql in [
        "UPDATE users SET totp_sealed = NULL, totp_step = 0 WHERE no = ?",
        "DELETE FROM recovery_codes WHERE user_no = ?",
        "DELETE FROM totp_enrolments WHERE user_no = ?",
    ] {
        tx.run(sql!(sql, user.0)).await?;
    }
    Ok(())
}
