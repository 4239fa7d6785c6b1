//! The one task that sends mail. It runs on the pages' runtime and waits for the store and for the mail server.
//!
//! A letter is removed after the server has accepted it. Until that is recorded, nothing else is sent.

mod fate;

use super::compose;
use super::connection::{Connection, Fate, MailError};
use super::draft::Draft;
use super::message::{self, MailMetadata};
use super::parts::MailerParts;
use crate::settings::SmtpSettings;
use domain::ids::MailNumber;
use domain::mail_waits::{given_up_before, is_given_up, wait_seconds};
use domain::time::{Micros, Steady};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{MailRow, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often due letters are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Letters that are read from the store at a time.
const BATCH: u32 = 50;
/// How long letters are claimed. One that is not sent by then is claimed anew.
const CLAIM_SECONDS: i64 = 600;
/// The most users who are remembered as served in a round.
const TURNS: usize = 10_000;
/// How often the same refusal is logged that is not the letter's fault.
const LOG_EVERY_SECONDS: i64 = 24 * 3600;
/// The most such refusals that are remembered as logged.
const LOGGED: usize = 32;

/// Figures for operators.
#[derive(Default)]
pub struct MailFigures {
    /// Letters that waited when the task last looked.
    pub waiting: AtomicU64,
    /// Letters that the mail server accepted.
    pub sent: AtomicU64,
    /// Letters that were given up.
    pub given_up: AtomicU64,
}

/// Sends the letters that wait.
pub struct Mailer {
    parts: MailerParts,
    /// The host of the pages, for Message-IDs and for the greeting of the server.
    host: String,
    figures: Arc<MailFigures>,
    state: Mutex<State>,
}

/// What is remembered from one round to the next.
#[derive(Default)]
struct State {
    /// A letter that the server accepted and that is still in the database. Nothing is sent until it is removed.
    accepted: Option<MailNumber>,
    /// How often in a row the server could not be used.
    failures: u32,
    /// Until when the server is left alone.
    resting_until: Steady,
    /// Refusals that are not the letters' fault, and when each was logged.
    logged: HashMap<String, Micros>,
}

/// What follows an attempt to send a letter.
enum AfterAttempt {
    /// The next letter: this one is settled, or waits for its own next attempt.
    NextLetter,
    /// A pause: the server cannot be used.
    Pause,
}

impl Mailer {
    /// A mailer that has sent nothing yet.
    pub fn new(parts: MailerParts) -> Self {
        let authority = parts.origin.split_once("://").map_or("", |(_, rest)| rest);
        let uri: Result<http::uri::Authority, _> = authority.parse();
        let host = uri.map_or_else(|_| "localhost".to_owned(), |uri| uri.host().to_owned());
        Self { parts, host, figures: Arc::default(), state: Mutex::default() }
    }

    /// Its figures for operators.
    pub fn figures(&self) -> &Arc<MailFigures> {
        &self.figures
    }

    /// Sends letters as they become due, until `stop`. The letter in flight is settled before this returns.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        if self.parts.smtp.is_none() {
            tracing::info!(event = "no_mail", "no mail is sent, because smtp_url is not set");
            return stop.cancelled().await;
        }
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => self.send_due(&stop).await,
            }
        }
    }

    /// Sends all letters that are due now, or until `stop`.
    pub async fn send_due(&self, stop: &CancellationToken) {
        let Some(smtp) = &self.parts.smtp else { return };
        let mut state = self.state.lock().await;
        if self.parts.clock.steady() < state.resting_until {
            return;
        }
        let mut connection = None;
        let outcome = self.drain(smtp, &mut state, &mut connection, stop).await;
        if let Some(connection) = connection {
            connection.close().await;
        }
        if let Err(error) = outcome {
            tracing::error!(%error, "mail waits, because the database refuses");
            state.resting_until = self.parts.clock.steady().plus_seconds(60);
        }
    }

    async fn drain(
        &self,
        smtp: &SmtpSettings,
        state: &mut State,
        connection: &mut Option<Connection>,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let store = &self.parts.store;
        self.remove_accepted(state).await?;
        // Users are served in turn, one letter each, so that nobody waits for all letters of another user.
        let mut served = Vec::new();
        loop {
            self.figures.waiting.store(store.count_mails().await?, Ordering::Relaxed);
            let now = self.parts.clock.now();
            let until = now.plus_seconds(CLAIM_SECONDS);
            let due = store.claim_due_mails(now, until, BATCH, &served).await?;
            if due.is_empty() && served.is_empty() {
                return Ok(());
            }
            if due.is_empty() || served.len() >= TURNS {
                served.clear();
            }
            let claimed: Vec<_> = due.iter().map(|row| row.number).collect();
            let mut ending = Ok(AfterAttempt::NextLetter);
            for row in due {
                served.extend(row.user.as_ref().map(|user| user.number));
                if stop.is_cancelled() {
                    ending = Ok(AfterAttempt::Pause);
                } else if self.parts.clock.now() < until {
                    ending = self.settle(&row, smtp, state, connection).await;
                }
                if !matches!(ending, Ok(AfterAttempt::NextLetter)) {
                    break;
                }
            }
            // What was settled is not claimed any more; the rest may be sent by whoever looks next.
            store.release_mails(&claimed).await?;
            if let AfterAttempt::Pause = ending? {
                return Ok(());
            }
        }
    }

    /// Removes the letter that the server accepted, if it is still there.
    async fn remove_accepted(&self, state: &mut State) -> Result<(), StoreError> {
        if let Some(number) = state.accepted {
            self.parts.store.delete_mail(number).await?;
            state.accepted = None;
            self.figures.sent.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn settle(
        &self,
        row: &MailRow,
        smtp: &SmtpSettings,
        state: &mut State,
        connection: &mut Option<Connection>,
    ) -> Result<AfterAttempt, StoreError> {
        if self.is_too_old(row) {
            return self.give_up(row, "it waited for three days").await;
        }
        let draft = match compose::write(row, &self.parts).await {
            Ok(Ok(draft)) => draft,
            Ok(Err(reason)) => return self.give_up(row, reason).await,
            Err(error) if error.is_of_the_medium() => return Err(error),
            // As far as is known this concerns one row, so the others do not wait.
            Err(error) => return self.postpone(row, &error.to_string()).await,
        };
        match self.hand_over(&draft, row, smtp, connection).await {
            Ok(()) => {
                state.accepted = Some(row.number);
                if std::mem::take(&mut state.failures) > 0 {
                    tracing::info!("the mail server takes mail again");
                }
                self.remove_accepted(state).await?;
                Ok(AfterAttempt::NextLetter)
            }
            Err(MailError::Letter { reason, fate }) => {
                let reason = reason.replace(&draft.to, "(the address)");
                if fate == Fate::GiveUp {
                    return self.give_up(row, &reason).await;
                }
                if fate == Fate::NotItsFault {
                    self.log_set_up_fault(state, &reason);
                }
                self.postpone(row, &reason).await
            }
            Err(MailError::Server { reason, offered }) => {
                *connection = None;
                self.rest(state, &reason).await?;
                if offered {
                    self.postpone(row, &reason.replace(&draft.to, "(the address)")).await?;
                }
                Ok(AfterAttempt::Pause)
            }
        }
    }

    async fn hand_over(
        &self,
        draft: &Draft,
        row: &MailRow,
        smtp: &SmtpSettings,
        connection: &mut Option<Connection>,
    ) -> Result<(), MailError> {
        let metadata = MailMetadata {
            from: &smtp.from,
            host: &self.host,
            number: row.number,
            queued_at: row.created_at,
            now: self.parts.clock.now(),
        };
        let written = message::write(draft, &metadata)
            .map_err(|reason| MailError::Letter { reason, fate: Fate::GiveUp })?;
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(smtp, self.parts.resolver.as_ref(), &self.host).await?,
        };
        let delivered = open.deliver(&written).await;
        let goes_on = match &delivered {
            Ok(()) => true,
            Err(MailError::Letter { .. }) => open.reset().await,
            Err(MailError::Server { .. }) => false,
        };
        *connection = goes_on.then_some(open);
        delivered
    }
}
