//! What the store does for another process that reads its files: it names the moment, and keeps out of the way meanwhile.

use super::bond::Bond;
use super::writer::Writer;
use std::sync::Arc;
use std::time::Duration;
use store::{Still, StoreError};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long changes are kept waiting at most; a reader that is awake needs a thousandth of it.
const STILL: Duration = Duration::from_millis(250);
/// How long the end waits for readers that were told of it. While one reads, the logs cannot be emptied, and the next start
/// would take this run for one that was killed.
const GOODBYE: Duration = Duration::from_secs(1);

/// Files that are lent, until it is dropped.
pub(super) struct Lent(Arc<Bond>);

impl Lent {
    pub(super) fn new(bond: Arc<Bond>) -> Self {
        bond.lend();
        Self(bond)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.take_back();
    }
}

/// Waits a moment until nobody reads any more.
pub(super) async fn wait_for_readers(bond: &Bond) {
    let end = Instant::now() + GOODBYE;
    while bond.is_lent() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The writer waits in the middle of a transaction until it is dropped or too much time has passed.
struct Standing(oneshot::Sender<()>);

impl Still for Standing {
    fn end(self: Box<Self>) -> bool {
        self.0.send(()).is_ok()
    }
}

/// Returns once the writer waits. Changes of the same commit are on their way then: not answered, and not to be seen.
pub(super) async fn stand_still(writer: &Writer) -> Result<Box<dyn Still>, StoreError> {
    let (stands, standing) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let waiting = writer.run(move |_| {
        Box::pin(async move {
            if stands.send(Standing(end)).is_ok() {
                let _ = tokio::time::timeout(STILL, ended).await;
            }
            Ok(())
        })
    });
    tokio::select! {
        biased;
        Ok(standing) = standing => Ok(Box::new(standing)),
        done = waiting => Err(done.err().unwrap_or_else(|| {
            StoreError::Unavailable("the writer did not wait".to_owned())
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_readers_and_not_for_ever() {
        let bond = Arc::<Bond>::default();
        let lent = Lent::new(Arc::clone(&bond));
        let begun = Instant::now();
        wait_for_readers(&bond).await;
        assert!(begun.elapsed() >= GOODBYE && bond.is_lent());
        drop(lent);
        let begun = Instant::now();
        wait_for_readers(&bond).await;
        assert!(begun.elapsed() < GOODBYE && !bond.is_lent());
    }
}
