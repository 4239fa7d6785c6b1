//! What becomes of a letter that was not accepted: it waits, longer each time, or is given up.

use super::*;

impl Mailer {
    /// Logs once a day what the operator has to mend, while letters wait for it.
    pub(super) fn log_set_up_fault(&self, state: &mut State, reason: &str) {
        let now = self.parts.clock.now();
        state.logged.retain(|_, at| now.seconds_since(*at) < LOG_EVERY_SECONDS);
        if state.logged.contains_key(reason) || state.logged.len() >= LOGGED {
            return;
        }
        state.logged.insert(reason.to_owned(), now);
        tracing::warn!(
            reason,
            "the mail server refuses letters for a reason that is not the letter's: look at smtp_url, smtp_from \
             and the host of public_url; they wait and are tried again for three days"
        );
    }

    /// Leaves the server alone for a while, longer each time, and gives up letters that have waited too long.
    pub(super) async fn rest(&self, state: &mut State, reason: &str) -> Result<(), StoreError> {
        let (now, seconds) = (self.parts.clock.now(), wait_seconds(state.failures, rand::random()));
        state.failures = state.failures.saturating_add(1);
        state.resting_until = self.parts.clock.steady().plus_seconds(seconds);
        tracing::warn!(
            event = "mail_waits",
            reason,
            next_try_seconds = seconds,
            "the mail server cannot be used; mail waits"
        );
        loop {
            let old = self.parts.store.list_old_mails(given_up_before(now), BATCH).await?;
            if old.is_empty() {
                return Ok(());
            }
            for row in old {
                self.give_up(&row, reason).await?;
            }
        }
    }

    pub(super) fn is_too_old(&self, row: &MailRow) -> bool {
        is_given_up(row.created_at, self.parts.clock.now())
    }

    pub(super) async fn postpone(&self, row: &MailRow, reason: &str) -> Result<AfterAttempt, StoreError> {
        let now = self.parts.clock.now();
        if self.is_too_old(row) {
            return self.give_up(row, reason).await;
        }
        let seconds = wait_seconds(row.attempts, rand::random());
        self.parts.store.postpone_mail(row.number, now.plus_seconds(seconds)).await?;
        tracing::info!(
            mail = row.number.0,
            reason,
            next_try_seconds = seconds,
            "a letter was not taken and waits"
        );
        Ok(AfterAttempt::NextLetter)
    }

    /// Removes a letter for good. The log names the user and not the address.
    pub(super) async fn give_up(&self, row: &MailRow, reason: &str) -> Result<AfterAttempt, StoreError> {
        if !self.parts.store.delete_mail(row.number).await? {
            // Somebody else gave it up at the same time, and has logged it.
            return Ok(AfterAttempt::NextLetter);
        }
        self.figures.given_up.fetch_add(1, Ordering::Relaxed);
        let user = row.user.as_ref().map(|user| user.username.as_str());
        tracing::warn!(mail = row.number.0, user, reason, "a letter was given up");
        Ok(AfterAttempt::NextLetter)
    }
}
