//! The one task that owns the only writing connection of the state.
//!
//! It takes what waits, runs each piece of work in a savepoint of one transaction, commits once with a
//! sync, tells the watcher, and only then answers. A request that goes away leaves nothing open.
//!
//! A full disk refuses changes until there is room. After a failed read, write or sync nobody knows how much
//! of a change is on disk, and a sync cannot be asked for again: the writer ends, and with it the server. So it
//! does when anything in it panics.
//!
//! A lock that another program holds is waited for a moment, by all changes together; while it lasts, each is
//! refused at once.

use super::moves::{self, Moves};
use super::open;
use crate::Trouble;
use domain::panics::panic_text;
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::{Executor, SqliteConnection};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::{Change, StoreError, Watcher};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// Work that may wait; more is refused as overload.
const QUEUE: usize = 1024;
/// Work that shares one commit.
const BATCH: usize = 256;
/// How long changes wait for a lock of another program, and how often it is tried meanwhile.
const PATIENCE: Duration = Duration::from_millis(800);
const RETRY: Duration = Duration::from_millis(10);

/// What a piece of work leaves: a value for whoever asked, and changes for the watcher.
pub(super) type Outcome<T> = Result<(T, Vec<Change>), Trouble>;

type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Done> + Send>;

struct Done {
    /// The changes, unless the work failed and is rolled back.
    changes: Option<Vec<Change>>,
    /// The failure, if it is one of the disk and not of the work.
    trouble: Option<StoreError>,
    answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

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
    pub(super) fn start(connection: SqliteConnection, watcher: Arc<dyn Watcher>, moves: Moves) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let (reporter, trouble) = watch::channel(None);
        tokio::spawn(async move {
            let working = run(connection, receiver, watcher, moves, &reporter);
            if let Err(panic) = AssertUnwindSafe(working).catch_unwind().await {
                reporter.send_replace(Some(StoreError::Ended(panic_text(panic.as_ref()))));
            }
        });
        Self { queue, trouble }
    }

    /// Answers if changes can be written. After a commit that failed only another one can tell.
    pub(super) async fn ready(&self) -> Result<(), StoreError> {
        if self.trouble.borrow().is_none() {
            return Ok(());
        }
        let tried = self.run(|c| {
            Box::pin(async move {
                c.execute("UPDATE installation SET only = only").await?;
                Ok(((), vec![]))
            })
        });
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
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Outcome<T>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            Box::pin(async move {
                let (value, changes) = match work(connection).await {
                    Ok((value, changes)) => (Ok(value), Some(changes)),
                    Err(Trouble(error)) => (Err(error), None),
                };
                let trouble = value.as_ref().err().filter(|e| e.is_of_the_disk()).cloned();
                let answer = Box::new(move |committed: Result<(), StoreError>| {
                    // Whoever asked may have gone away; the work is done all the same.
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

/// What was taken out of the queue at once.
#[derive(Default)]
struct Batch {
    work: Vec<Work>,
    closing: Option<oneshot::Sender<()>>,
}

impl Batch {
    /// Takes `first` and what waits behind it, up to so much or to the end.
    fn take(first: Message, queue: &mut mpsc::Receiver<Message>, most: usize) -> Self {
        let mut batch = Self::default();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Work(work) => batch.work.push(work),
                Message::Close(answer) => {
                    batch.closing = Some(answer);
                    break;
                }
            }
            if batch.work.len() < most {
                next = queue.try_recv().ok();
            }
        }
        batch
    }
}

async fn run(
    mut connection: SqliteConnection,
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
                match moves.step(&mut connection).await {
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
            let begun = begin(&mut connection, &mut locked_since).await;
            let committed = match begun {
                Ok(()) => carry_out(&mut connection, std::mem::take(&mut batch.work), watcher.as_ref()).await,
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
            if let Err(error) = moves.end(&mut connection).await {
                tracing::warn!(%error, "the last mark could not be written");
            }
            open::close(connection).await;
            let _ = answer.send(());
            return;
        }
    }
}

fn has_ended(reporter: &watch::Sender<Option<StoreError>>) -> bool {
    reporter.borrow().as_ref().is_some_and(StoreError::is_final)
}

/// Begins a transaction; a lock of another program is waited for a moment, counted from when it was first met.
async fn begin(connection: &mut SqliteConnection, locked_since: &mut Option<Instant>) -> Result<(), Trouble> {
    loop {
        match connection.execute("BEGIN IMMEDIATE").await.map_err(Trouble::from) {
            Err(error @ Trouble(StoreError::Locked(_))) => {
                if locked_since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                    return Err(error);
                }
                tokio::time::sleep(RETRY).await;
            }
            other => {
                *locked_since = None;
                return other.map(|_| ());
            }
        }
    }
}

/// Tells of trouble once when it begins and once when it is over, not for every change.
fn report(reporter: &watch::Sender<Option<StoreError>>, committed: Result<(), StoreError>) {
    let before = reporter.send_replace(committed.err());
    match (before, &*reporter.borrow()) {
        (None, Some(error)) => tracing::error!(%error, "latchkey.db takes no changes; they are refused"),
        (Some(_), None) => tracing::info!("latchkey.db takes changes again"),
        _ => {}
    }
}

async fn carry_out(
    connection: &mut SqliteConnection,
    batch: Vec<Work>,
    watcher: &dyn Watcher,
) -> Result<(), StoreError> {
    let mut done = Vec::with_capacity(batch.len());
    let committed = commit(connection, batch, &mut done).await.map_err(StoreError::from);
    if committed.is_err() {
        // Without this a failed commit would leave the transaction open for the next batch.
        let _ = connection.execute("ROLLBACK").await;
    }
    for Done { changes, answer, .. } in done {
        if committed.is_ok() {
            changes.into_iter().flatten().for_each(|change| watcher.committed(change));
        }
        answer(committed.clone());
    }
    committed
}

async fn commit(
    connection: &mut SqliteConnection,
    batch: Vec<Work>,
    done: &mut Vec<Done>,
) -> Result<(), Trouble> {
    for work in batch {
        connection.execute("SAVEPOINT work").await?;
        let result = work(connection).await;
        let (failed, trouble) = (result.changes.is_none(), result.trouble.clone());
        done.push(result);
        if let Some(error) = trouble {
            // SQLite may have rolled the whole transaction back by itself.
            return Err(error.into());
        }
        if failed {
            connection.execute("ROLLBACK TO work").await?;
        }
        connection.execute("RELEASE work").await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}
