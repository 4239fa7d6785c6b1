//! The one task that owns the only writing connection of the state.
//!
//! The task takes the changes that wait, runs each in a savepoint of one transaction, commits once with a sync, tells the
//! watcher, and only then lets the callers go on. A caller that goes away leaves nothing open. SQL runs on the thread of the
//! sqlx connection; the task itself runs on the runtime that opened the store and never blocks it.
//!
//! On a full disk changes are refused until there is room. After a failed read, write or sync it is unknown how much of a
//! change is on disk, and a repeated sync proves nothing: the writer ends, and with it the server. It also ends when anything
//! in it panics.
//!
//! A lock of another program is waited for, a moment in all, by all changes together. While it lasts, each change is refused
//! at once.

mod batch;

use super::moves::{self, Moves};
use crate::Trouble;
use crate::statements::{Tx, sql};
use batch::{Batch, Done, Work, begin, carry_out};
use domain::panics::panic_text;
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::Connection;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use store::{StoreError, Watcher};
use tokio::sync::{mpsc, oneshot, watch};

/// Work that may wait; more is refused as overload.
const QUEUE: usize = 1024;
/// Work that shares one commit.
const BATCH: usize = 256;

enum Message {
    Work(Work),
    Close(oneshot::Sender<()>),
}

/// The way to the writer task.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    /// What the last commit met, if it failed.
    trouble: watch::Receiver<Option<StoreError>>,
}

impl Writer {
    pub(super) fn start(tx: Tx, watcher: Arc<dyn Watcher>, moves: Moves) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let (reporter, trouble) = watch::channel(None);
        #[expect(
            clippy::disallowed_methods,
            reason = "what it ends with is told by `failed`, which the server watches"
        )]
        tokio::spawn(async move {
            let working = run(tx, receiver, watcher, moves, &reporter);
            if let Err(panic) = AssertUnwindSafe(working).catch_unwind().await {
                reporter.send_replace(Some(StoreError::Ended(panic_text(panic.as_ref()))));
            }
        });
        Self { queue, trouble }
    }

    /// Whether changes can be written. After a commit that failed only another one can tell.
    pub(super) async fn ready(&self) -> Result<(), StoreError> {
        if self.trouble.borrow().is_none() {
            return Ok(());
        }
        let probe = "UPDATE installation SET only = only";
        let tried = self.run(move |tx| Box::pin(async move { tx.run(sql!(probe)).await.map(drop) }));
        // What it met itself says less than what the writer did.
        tried.await.map_err(|error| self.trouble.borrow().clone().unwrap_or(error))
    }

    /// Returns when the writer has ended because of what it met.
    pub(super) async fn failed(&self) -> StoreError {
        let mut trouble = self.trouble.clone();
        let met = trouble.wait_for(|t| t.as_ref().is_some_and(StoreError::is_final)).await;
        match met.map(|t| t.clone()) {
            Ok(Some(error)) => error,
            // Closed in good order.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Runs `work`; when this returns, it is on disk and the watcher knows.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Result<T, Trouble>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |tx| {
            Box::pin(async move {
                let outcome = work(tx).await;
                let changes = std::mem::take(&mut tx.changes);
                let (value, changes) = match outcome {
                    Ok(value) => (Ok(value), Some(changes)),
                    Err(Trouble(error)) => (Err(error), None),
                };
                let trouble = value.as_ref().err().filter(|e| e.is_of_the_medium()).cloned();
                let answer = Box::new(move |committed: Result<(), StoreError>| {
                    // The caller may have gone away; the work is done all the same.
                    let _ = sender.send(value.and_then(|v| committed.map(|()| v)));
                });
                Done { changes, trouble, answer }
            })
        });
        self.queue.try_send(Message::Work(work)).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        receiver.await.map_err(|_| self.trouble.borrow().clone().unwrap_or_else(closed))?
    }

    pub(super) async fn close(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.queue.send(Message::Close(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the writer gave the change up; the log says why".to_owned())
}

async fn run(
    mut tx: Tx,
    mut queue: mpsc::Receiver<Message>,
    watcher: Arc<dyn Watcher>,
    mut moves: Moves,
    reporter: &watch::Sender<Option<StoreError>>,
) {
    let mut locked_since = None;
    let mut tick = tokio::time::interval(moves::EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let first = tokio::select! {
            biased;
            _ = tick.tick() => {
                match moves.step(&mut tx.connection).await {
                    // A lock is waited for by the next step.
                    Ok(false) | Err(Trouble(StoreError::Locked(_))) => {}
                    Ok(true) => {
                        locked_since = None;
                        report(reporter, Ok(()));
                    }
                    Err(Trouble(error)) => report(reporter, Err(error)),
                }
                if has_ended(reporter) {
                    return;
                }
                continue;
            }
            first = queue.recv() => first,
        };
        let Some(first) = first else { return };
        let mut batch = Batch::take(first, &mut queue, BATCH);
        if !batch.work.is_empty() {
            let begun = begin(&mut tx, &mut locked_since).await;
            let committed = match begun {
                Ok(()) => carry_out(&mut tx, std::mem::take(&mut batch.work), watcher.as_ref()).await,
                Err(Trouble(error)) => {
                    // Dropped, and with it all that waited meanwhile: each would wait as long as this.
                    if batch.closing.is_none()
                        && let Ok(next) = queue.try_recv()
                    {
                        batch.closing = Batch::take(next, &mut queue, QUEUE).closing;
                    }
                    Err(error)
                }
            };
            report(reporter, committed);
            if has_ended(reporter) {
                return;
            }
            moves.changed();
        }
        if let Some(answer) = batch.closing {
            queue.close();
            if let Err(error) = moves.end(&mut tx.connection).await {
                tracing::warn!(%error, "the last mark could not be written");
            }
            // Waited for, so that the write-ahead log is gone.
            if let Err(error) = tx.connection.close().await {
                tracing::warn!(%error, "closing latchkey.db");
            }
            let _ = answer.send(());
            return;
        }
    }
}

fn has_ended(reporter: &watch::Sender<Option<StoreError>>) -> bool {
    reporter.borrow().as_ref().is_some_and(StoreError::is_final)
}

/// Tells of trouble once when it begins and once when it is over, not for every change.
fn report(reporter: &watch::Sender<Option<StoreError>>, committed: Result<(), StoreError>) {
    let before = reporter.send_replace(committed.err());
    match (before, &*reporter.borrow()) {
        (None, Some(error)) => {
            tracing::error!(event = "changes_refused", %error, "latchkey.db takes no changes; they are refused");
        }
        (Some(_), None) => tracing::info!(event = "changes_taken", "latchkey.db takes changes again"),
        _ => {}
    }
}
