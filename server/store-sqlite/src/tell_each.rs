//! Tells many of something in few transactions, so that none of them keeps the others from it.

use std::fmt::Debug;
use store::StoreError;

/// How many one transaction tells.
const CHUNK: usize = 100;

/// Whether the next one would meet the same, whoever it is.
fn would_meet_all(error: &StoreError) -> bool {
    error.is_of_the_medium()
        || error.is_lock()
        || error.is_final()
        || matches!(error, StoreError::Overloaded | StoreError::InDoubt(_))
}

/// Tells all of these by `tell`, which takes those of one transaction. Where a transaction fails because of one of them, each
/// is told by a transaction of its own. Returns how many were told.
///
/// # Errors
/// The store is in trouble, or nobody could be told.
pub(crate) async fn tell_each<N, F>(due: &[N], tell: impl Fn(Vec<N>) -> F) -> Result<u64, StoreError>
where
    N: Copy + Debug,
    F: Future<Output = Result<u64, StoreError>>,
{
    let (mut told, mut failed) = (0, None);
    for chunk in due.chunks(CHUNK) {
        match tell(chunk.to_vec()).await {
            Ok(some) => told += some,
            Err(error) if would_meet_all(&error) => return Err(error),
            Err(_) => {
                for one in chunk {
                    match tell(vec![*one]).await {
                        Ok(some) => told += some,
                        Err(error) if would_meet_all(&error) => return Err(error),
                        Err(error) => {
                            tracing::debug!(?one, %error, "one of many could not be told");
                            failed = Some(error);
                        }
                    }
                }
            }
        }
    }
    failed.filter(|_| told == 0).map_or(Ok(told), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Tells these; a transaction with one of the `damaged` fails. Returns what came of it, and how many transactions that
    /// took.
    async fn tell(due: &[usize], damaged: &[usize], error: StoreError) -> (Result<u64, StoreError>, usize) {
        let asked = Cell::new(0);
        let answer = tell_each(due, async |some: Vec<usize>| {
            asked.set(asked.get() + 1);
            let fails = some.iter().any(|one| damaged.contains(one));
            if fails { Err(error.clone()) } else { Ok(some.len() as u64) }
        });
        let answer = answer.await;
        (answer, asked.into_inner())
    }

    #[tokio::test]
    async fn many_are_told_by_few_transactions_and_one_who_cannot_be_keeps_no_other_from_it() {
        let due: Vec<_> = (0..250).collect();
        let damaged = StoreError::Unavailable("damaged".to_owned());
        assert_eq!(tell(&due, &[], damaged.clone()).await, (Ok(250), 3));
        assert_eq!(tell(&due, &[120], damaged.clone()).await, (Ok(249), 103));
        assert_eq!(tell(&[7], &[7], damaged.clone()).await, (Err(damaged), 2), "not hidden");
        assert_eq!(tell(&[], &[], StoreError::Overloaded).await, (Ok(0), 0));
    }

    #[tokio::test]
    async fn what_all_would_meet_ends_it_at_once() {
        let due: Vec<_> = (0..250).collect();
        for error in [
            StoreError::NoRoom(String::new()),
            StoreError::Locked(String::new()),
            StoreError::Ended(String::new()),
            StoreError::Overloaded,
        ] {
            assert_eq!(tell(&due, &[120], error.clone()).await, (Err(error), 2));
        }
    }
}
