//! The one task that sends mail.

mod fate;

use super::compose;
use super::connection::{Connection, Failure, Verdict};
use super::draft::Draft;
use super::message::{self, Frame};
use crate::dial::Resolve;
use crate::settings::SmtpSettings;
use domain::ids::MailNo;
use domain::mail_waits::{given_up_before, is_given_up, wait_seconds};
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros, Steady};
use domain::token::Pepper;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{MailRow, Store, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often the task looks whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Letters that are read at a time.
const BATCH: u32 = 50;
/// For how long letters are claimed. What is not sent by then is claimed anew.
const CLAIM_SECONDS: i64 = 600;
/// The most users who are known to have had their turn.
const TURNS: usize = 10_000;
/// How often the log says that the server refuses letters for the same reason.
const TELL_EVERY_SECONDS: i64 = 24 * 3600;
/// Reasons that are remembered as told.
const TOLD: usize = 32;

/// What operators watch.
#[derive(Default)]
pub struct MailFigures {
    /// Letters that waited when the task last looked.
    pub waiting: AtomicU64,
    /// Letters that the mail server took.
    pub sent: AtomicU64,
    /// Letters that were given up.
    pub given_up: AtomicU64,
}

/// What a mailer is made of.
pub struct MailerParts {
    /// Where letters wait.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// What letters are sealed with.
    pub sealing: SealingKey,
    /// What links are signed with.
    pub pepper: Pepper,
    /// Where the pages are.
    pub origin: String,
    /// The mail server, if there is one.
    pub smtp: Option<SmtpSettings>,
    /// Who knows the addresses of its name.
    pub resolver: Arc<dyn Resolve>,
}

/// Sends what waits.
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
    /// A letter that was taken and is still in the database: nothing is sent until it is gone.
    taken: Option<MailNo>,
    /// How often in a row the server could not be used.
    failures: u32,
    /// Until when it is left alone.
    resting_until: Steady,
    /// Refusals of letters that are not their fault, and when each was told: once a day is enough.
    told: HashMap<String, Micros>,
}

/// How a letter ended.
enum Ending {
    /// It is settled, or waits for its own next attempt.
    Next,
    /// The server cannot be used.
    Rest,
}

impl Mailer {
    /// Ready to send.
    #[must_use]
    pub fn new(parts: MailerParts) -> Self {
        let authority = parts.origin.split_once("://").map_or("", |(_, rest)| rest);
        let uri: Result<http::uri::Authority, _> = authority.parse();
        let host = uri.map_or_else(|_| "localhost".to_owned(), |uri| uri.host().to_owned());
        Self { parts, host, figures: Arc::default(), state: Mutex::default() }
    }

    /// What operators watch.
    #[must_use]
    pub fn figures(&self) -> &Arc<MailFigures> {
        &self.figures
    }

    /// Sends what becomes due until `stop`; the letter in flight is settled first.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        if self.parts.smtp.is_none() {
            tracing::info!("no mail is sent, because smtp_url is not set");
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

    /// Sends everything that is due by now, unless `stop` comes in between.
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
        self.forget_taken(state).await?;
        // Users have their turns, a letter each: nobody waits for all that another is to be told.
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
            let claimed: Vec<_> = due.iter().map(|row| row.no).collect();
            let mut ending = Ok(Ending::Next);
            for row in due {
                served.extend(row.user.as_ref().map(|user| user.no));
                if stop.is_cancelled() {
                    ending = Ok(Ending::Rest);
                } else if self.parts.clock.now() < until {
                    ending = self.settle(&row, smtp, state, connection).await;
                }
                if !matches!(ending, Ok(Ending::Next)) {
                    break;
                }
            }
            // What was settled is not claimed any more; the rest may be sent by whoever looks next.
            store.release_mails(&claimed).await?;
            if let Ending::Rest = ending? {
                return Ok(());
            }
        }
    }

    /// Removes a letter that was taken, if it is still there.
    async fn forget_taken(&self, state: &mut State) -> Result<(), StoreError> {
        if let Some(no) = state.taken {
            self.parts.store.delete_mail(no).await?;
            state.taken = None;
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
    ) -> Result<Ending, StoreError> {
        if self.is_too_old(row) {
            return self.give_up(row, "it waited for three days").await;
        }
        let draft = match compose::write(row, &self.parts).await {
            Ok(Ok(draft)) => draft,
            Ok(Err(reason)) => return self.give_up(row, reason).await,
            Err(error) if error.is_of_the_medium() => return Err(error),
            // Of this row alone, as far as anybody knows: the others do not wait for it.
            Err(error) => return self.postpone(row, &error.to_string()).await,
        };
        match self.hand_over(&draft, row, smtp, connection).await {
            Ok(()) => {
                state.taken = Some(row.no);
                if std::mem::take(&mut state.failures) > 0 {
                    tracing::info!("the mail server takes mail again");
                }
                self.forget_taken(state).await?;
                Ok(Ending::Next)
            }
            Err(Failure::Letter { reason, verdict }) => {
                let reason = reason.replace(&draft.to, "(the address)");
                if verdict == Verdict::GiveUp {
                    return self.give_up(row, &reason).await;
                }
                if verdict == Verdict::NotItsFault {
                    self.tell_of_set_up(state, &reason);
                }
                self.postpone(row, &reason).await
            }
            Err(Failure::Server { reason, offered }) => {
                *connection = None;
                self.rest(state, &reason).await?;
                if offered {
                    self.postpone(row, &reason.replace(&draft.to, "(the address)")).await?;
                }
                Ok(Ending::Rest)
            }
        }
    }

    async fn hand_over(
        &self,
        draft: &Draft,
        row: &MailRow,
        smtp: &SmtpSettings,
        connection: &mut Option<Connection>,
    ) -> Result<(), Failure> {
        let frame = Frame {
            from: &smtp.from,
            host: &self.host,
            no: row.no,
            queued_at: row.created_at,
            now: self.parts.clock.now(),
        };
        let written = message::write(draft, &frame)
            .map_err(|reason| Failure::Letter { reason, verdict: Verdict::GiveUp })?;
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(smtp, self.parts.resolver.as_ref(), &self.host).await?,
        };
        let delivered = open.deliver(&written).await;
        let goes_on = match &delivered {
            Ok(()) => true,
            Err(Failure::Letter { .. }) => open.reset().await,
            Err(Failure::Server { .. }) => false,
        };
        *connection = goes_on.then_some(open);
        delivered
    }
}
