//! Answers that are given again to the same request of a program.

use super::StoreError;
use async_trait::async_trait;
use domain::ids::KeyId;
use domain::time::Micros;

/// An answer as it is kept, sealed: it may hold a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The name that the program gave its request (Idempotency-Key).
    pub name: String,
    /// The hash of the request.
    pub request: [u8; 32],
    /// The sealed answer.
    pub sealed: Vec<u8>,
    /// Until when it is given again.
    pub until: Micros,
}

/// Kept answers. Each is written in the transaction of its change, with the line of the audit log ([`Asker::Key`]): a
/// second one of the same caller and name fails with `Conflict`, and its change with it.
///
/// [`Asker::Key`]: super::Asker::Key
#[async_trait]
pub trait KeptAnswerStore: Send + Sync {
    /// Finds the answer that a key got to the request of that name, unless its time is over.
    async fn find_kept_answer(
        &self,
        caller: KeyId,
        name: &str,
        now: Micros,
    ) -> Result<Option<KeptAnswer>, StoreError>;
    /// Forgets some of the answers whose time is over; returns how many.
    async fn forget_kept_answers(&self, now: Micros) -> Result<u64, StoreError>;
}
