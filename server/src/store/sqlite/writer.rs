//! The one task that owns the only writing connection of the state.
//!
//! It takes what waits, runs each piece of work in a savepoint of one transaction, commits once with a
//! sync, tells the watcher, and only then answers. A request that goes away leaves nothing open.

use super::open;
use crate::store::{Change, StoreError, Watcher};
use futures::future::BoxFuture;
use sqlx::{Executor, SqliteConnection};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Work that may wait; more is refused as overload.
const QUEUE: usize = 1024;
/// Work that shares one commit.
const BATCH: usize = 256;

/// What a piece of work leaves: a value for whoever asked, and changes for the watcher.
pub(super) type Outcome<T> = Result<(T, Vec<Change>), StoreError>;

type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Done> + Send>;

struct Done {
    /// The changes, unless the work failed and is rolled back.
    changes: Option<Vec<Change>>,
    answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

enum Message {
    Work(Work),
    Close(oneshot::Sender<()>),
}

/// The way to the writer task.
pub(super) struct Writer(mpsc::Sender<Message>);

impl Writer {
    pub(super) fn start(connection: SqliteConnection, watcher: Arc<dyn Watcher>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(connection, receiver, watcher));
        Self(sender)
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
                    Err(error) => (Err(error), None),
                };
                let answer = Box::new(move |committed: Result<(), StoreError>| {
                    // Whoever asked may have gone away; the work is done all the same.
                    let _ = sender.send(value.and_then(|v| committed.map(|()| v)));
                });
                Done { changes, answer }
            })
        });
        self.0.try_send(Message::Work(work)).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        receiver.await.map_err(|_| closed())?
    }

    pub(super) async fn close(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.0.send(Message::Close(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the writer has stopped".to_owned())
}

async fn run(
    mut connection: SqliteConnection,
    mut queue: mpsc::Receiver<Message>,
    watcher: Arc<dyn Watcher>,
) {
    while let Some(first) = queue.recv().await {
        let mut batch = Vec::new();
        let mut closing = None;
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Work(work) => batch.push(work),
                Message::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
            if batch.len() < BATCH {
                next = queue.try_recv().ok();
            }
        }
        if !batch.is_empty() {
            carry_out(&mut connection, batch, watcher.as_ref()).await;
        }
        if let Some(answer) = closing {
            queue.close();
            open::close(connection).await;
            let _ = answer.send(());
            return;
        }
    }
}

async fn carry_out(connection: &mut SqliteConnection, batch: Vec<Work>, watcher: &dyn Watcher) {
    let mut done = Vec::with_capacity(batch.len());
    let committed = commit(connection, batch, &mut done).await;
    if let Err(error) = &committed {
        tracing::error!(%error, "a change could not be committed");
        // Without this a failed commit would leave the transaction open for the next batch.
        let _ = connection.execute("ROLLBACK").await;
    }
    let committed = committed.map_err(|e| StoreError::Unavailable(e.to_string()));
    for Done { changes, answer } in done {
        if committed.is_ok() {
            changes.into_iter().flatten().for_each(|change| watcher.committed(change));
        }
        answer(committed.clone());
    }
}

async fn commit(
    connection: &mut SqliteConnection,
    batch: Vec<Work>,
    done: &mut Vec<Done>,
) -> Result<(), sqlx::Error> {
    connection.execute("BEGIN IMMEDIATE").await?;
    for work in batch {
        connection.execute("SAVEPOINT work").await?;
        let result = work(connection).await;
        let failed = result.changes.is_none();
        done.push(result);
        if failed {
            connection.execute("ROLLBACK TO work").await?;
        }
        connection.execute("RELEASE work").await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}
