//! The changes that share one commit: taken out of the queue together, carried out, and answered together.

use super::Message;
use crate::Trouble;
use crate::statements::Tx;
use futures::future::BoxFuture;
use sqlx::Executor;
use std::time::Duration;
use store::{Change, StoreError, Watcher};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How long changes wait for a lock of another program, and how often it is tried meanwhile.
const PATIENCE: Duration = Duration::from_millis(800);
const RETRY: Duration = Duration::from_millis(10);

pub(super) type Work = Box<dyn for<'c> FnOnce(&'c mut Tx) -> BoxFuture<'c, Done> + Send>;

pub(super) struct Done {
    /// The changes, unless the work failed and is rolled back.
    pub(super) changes: Option<Vec<Change>>,
    /// The failure, if it is one of the disk and not of the work.
    pub(super) trouble: Option<StoreError>,
    pub(super) answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// What was taken out of the queue at once.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) work: Vec<Work>,
    pub(super) closing: Option<oneshot::Sender<()>>,
}

impl Batch {
    /// Takes `first` and what waits behind it, up to so much or to the end.
    pub(super) fn take(first: Message, queue: &mut mpsc::Receiver<Message>, most: usize) -> Self {
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

/// Begins a transaction; a lock of another program is waited for a moment, counted from when it was first met.
pub(super) async fn begin(tx: &mut Tx, locked_since: &mut Option<Instant>) -> Result<(), Trouble> {
    loop {
        match tx.connection.execute("BEGIN IMMEDIATE").await.map_err(Trouble::from) {
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

pub(super) async fn carry_out(
    tx: &mut Tx,
    batch: Vec<Work>,
    watcher: &dyn Watcher,
) -> Result<(), StoreError> {
    let mut done = Vec::with_capacity(batch.len());
    let committed = commit(tx, batch, &mut done).await.map_err(StoreError::from);
    if committed.is_err() {
        // Without this a failed commit would leave the transaction open for the next batch.
        let _ = tx.connection.execute("ROLLBACK").await;
    }
    for Done { changes, answer, .. } in done {
        if committed.is_ok() {
            changes.into_iter().flatten().for_each(|change| watcher.committed(change));
        }
        answer(committed.clone());
    }
    committed
}

async fn commit(tx: &mut Tx, batch: Vec<Work>, done: &mut Vec<Done>) -> Result<(), Trouble> {
    for work in batch {
        tx.connection.execute("SAVEPOINT work").await?;
        let result = work(tx).await;
        let (failed, trouble) = (result.changes.is_none(), result.trouble.clone());
        done.push(result);
        if let Some(error) = trouble {
            // SQLite may have rolled the whole transaction back by itself.
            return Err(error.into());
        }
        if failed {
            tx.connection.execute("ROLLBACK TO work").await?;
        }
        tx.connection.execute("RELEASE work").await?;
    }
    tx.connection.execute("COMMIT").await?;
    Ok(())
}
