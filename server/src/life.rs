//! Tasks that have to run until the server stops. A task that ends before, by a panic or by itself, stops the server with
//! its cause: half a server that looks healthy is worse than none.

use domain::panics::panic_text;
use futures::FutureExt;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A task of the server that has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} has ended: {cause}")]
pub struct Ended {
    /// Its name.
    pub part: &'static str,
    /// Why it ended.
    pub cause: String,
}

/// What a task returned: nothing, or an error.
pub struct Ending(Option<String>);

impl From<()> for Ending {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl<E: Display> From<Result<(), E>> for Ending {
    fn from(result: Result<(), E>) -> Self {
        Self(result.err().map(|error| error.to_string()))
    }
}

/// Whether all tasks of a server run.
#[derive(Default)]
pub struct Life {
    ended: OnceLock<Ended>,
    /// Cancelled once a task has ended.
    over: CancellationToken,
}

impl Life {
    /// Runs a task on a runtime. An end before `stop`, and a panic at any time, is recorded.
    pub fn run<F>(
        self: &Arc<Self>,
        runtime: &Handle,
        part: &'static str,
        stop: &CancellationToken,
        task: F,
    ) -> JoinHandle<()>
    where
        F: Future<Output: Into<Ending>> + Send + 'static,
    {
        let (life, stop) = (Arc::clone(self), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "this is who watches")]
        runtime.spawn(async move {
            match AssertUnwindSafe(task).catch_unwind().await.map(Into::into) {
                Ok(Ending(None)) if stop.is_cancelled() => {}
                Ok(Ending(cause)) => {
                    life.record(part, cause.unwrap_or_else(|| "there was nothing left to do".to_owned()));
                }
                Err(panic) => life.record(part, panic_text(panic.as_ref())),
            }
        })
    }

    /// Returns the task that ended first as an error, if one has.
    pub fn check(&self) -> Result<(), Ended> {
        self.ended.get().cloned().map_or(Ok(()), Err)
    }

    /// Waits until a task has ended, and returns the first.
    pub async fn over(&self) -> Ended {
        self.over.cancelled().await;
        self.ended.get().cloned().expect("it is set before the token is cancelled")
    }

    fn record(&self, part: &'static str, cause: String) {
        // The first end is kept, because it is the cause of the others.
        let _ = self.ended.set(Ended { part, cause });
        self.over.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What a life records of a task.
    async fn recorded<F>(stopped: bool, task: F) -> Option<String>
    where
        F: Future<Output: Into<Ending>> + Send + 'static,
    {
        let (life, stop) = (Arc::new(Life::default()), CancellationToken::new());
        if stopped {
            stop.cancel();
        }
        let running = life.run(&Handle::current(), "the part", &stop, task);
        running.await.unwrap();
        let over = tokio::time::timeout(Duration::from_millis(20), life.over()).await.ok();
        assert_eq!(life.check().err(), over);
        over.map(|ended| ended.to_string())
    }

    /// A panic that says nothing.
    fn fail() {
        std::panic::resume_unwind(Box::new(7));
    }

    #[tokio::test]
    async fn an_end_that_nobody_asked_for_is_told_with_its_cause() {
        let panicking = async {
            tokio::task::yield_now().await;
            let nothing: Vec<u8> = Vec::new();
            assert!(!nothing.is_empty(), "a fault\n  on two lines");
        };
        let text = recorded(false, panicking).await.unwrap();
        assert_eq!(text, "the part has ended: a fault on two lines");
        let ended = recorded(false, async {}).await.unwrap();
        assert_eq!(ended, "the part has ended: there was nothing left to do");
        let failed = recorded(false, async { Err::<(), _>("no more threads") }).await.unwrap();
        assert_eq!(failed, "the part has ended: no more threads");
    }

    #[tokio::test]
    async fn an_end_after_the_stop_is_none_unless_it_is_a_panic() {
        assert_eq!(recorded(true, async {}).await, None);
        let panicking = async {
            tokio::task::yield_now().await;
            fail();
        };
        assert_eq!(recorded(true, panicking).await.as_deref(), Some("the part has ended: a panic"));
    }

    #[tokio::test]
    async fn who_runs_is_no_end_and_the_first_end_is_the_cause() {
        let (life, stop) = (Arc::new(Life::default()), CancellationToken::new());
        let here = Handle::current();
        let going = life.run(&here, "the first", &stop, std::future::pending::<()>());
        assert_eq!(life.check(), Ok(()));
        life.run(&here, "the second", &stop, async {}).await.unwrap();
        life.run(&here, "the third", &stop, async {}).await.unwrap();
        assert!(life.over().await.to_string().starts_with("the second"));
        going.abort();
    }
}
