//! Requests of programs that may come again: the same name (Idempotency-Key) of the same key makes one change, and gets
//! one answer.
//!
//! The answer is kept in the transaction of its change, so neither a lost connection nor a crash parts the two. It is
//! sealed, because it may hold a token. Requests that run are known in memory alone: one that a crash cut off left
//! nothing behind.

use crate::accounts::store_trouble;
use contract::Refusal;
use domain::ids::KeyId;
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use store::{KeptAnswer, Store};
use zeroize::Zeroizing;

/// Seconds for which answers are kept.
const KEPT_SECONDS: i64 = 24 * 3600;
/// The same where a token must not be shown again: long enough for a lost connection.
const SHORTLY_KEPT_SECONDS: i64 = 600;

/// The requests that run, and the answers that are kept.
pub struct Retries {
    /// Where answers are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// With which answers are sealed.
    pub sealing: SealingKey,
    /// Whether tokens can be shown again.
    pub revealable: bool,
    /// What runs.
    pub running: Running,
}

/// The requests that run.
#[derive(Default)]
pub struct Running(Mutex<HashSet<(KeyId, String)>>);

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RetryError {
    /// The first request of that name still runs.
    #[error("a request of this name still runs")]
    StillRuns,
    /// The name was used for another request.
    #[error("the name was used for another request")]
    OtherRequest,
    /// What is kept cannot be read.
    #[error("what is kept cannot be read")]
    Refused(Refusal),
}

/// What becomes of a request.
pub enum Begun<'a> {
    /// It was carried out before: the answer of then.
    Again(Zeroizing<Vec<u8>>),
    /// It is carried out now.
    First(Attempt<'a>),
}

/// A request that is carried out. When it is dropped, it runs no more.
pub struct Attempt<'a> {
    retries: &'a Retries,
    /// The caller, its name for the request, and the hash of the request; none if it gave no name.
    named: Option<(KeyId, String, [u8; 32])>,
}

fn place(caller: KeyId, name: &str) -> String {
    format!("kept_answers:{caller}:{name}")
}

impl Retries {
    /// Begins a request of a key; `request` is all that has to be the same when it comes again.
    ///
    /// # Errors
    /// It still runs, the name was used for another request, or the store is in trouble.
    pub async fn begin(
        &self,
        caller: KeyId,
        name: Option<&str>,
        request: &[&[u8]],
    ) -> Result<Begun<'_>, RetryError> {
        let Some(name) = name else { return Ok(Begun::First(Attempt { retries: self, named: None })) };
        if !self.running.0.lock().insert((caller, name.to_owned())) {
            return Err(RetryError::StillRuns);
        }
        let hash = hash(request);
        let attempt = Attempt { retries: self, named: Some((caller, name.to_owned(), hash)) };
        let kept = self.store.find_kept_answer(caller, name, self.clock.now()).await;
        match kept.map_err(|error| RetryError::Refused(store_trouble(error)))? {
            None => Ok(Begun::First(attempt)),
            Some(kept) if kept.request != hash => Err(RetryError::OtherRequest),
            Some(kept) => match self.sealing.open_bytes(&place(caller, name), &kept.sealed) {
                Ok(answer) => Ok(Begun::Again(answer)),
                Err(error) => {
                    tracing::error!(%error, key = %caller, "a kept answer cannot be opened");
                    Err(RetryError::Refused(Refusal::Unavailable))
                }
            },
        }
    }

    /// Forgets answers whose time is over.
    pub async fn sweep(&self) {
        loop {
            match self.store.forget_kept_answers(self.clock.now()).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old answers to programs cannot be forgotten");
                    return;
                }
            }
        }
    }
}

impl Attempt<'_> {
    /// The answer as it is kept together with the change; `None` if the request has no name.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn keep(&self, answer: &[u8]) -> Result<Option<KeptAnswer>, Refusal> {
        let Some((caller, name, request)) = &self.named else { return Ok(None) };
        let sealed = self.retries.sealing.seal_bytes(&place(*caller, name), answer).map_err(|error| {
            tracing::error!(%error, "an answer cannot be kept");
            Refusal::Unavailable
        })?;
        let seconds = if self.retries.revealable { KEPT_SECONDS } else { SHORTLY_KEPT_SECONDS };
        let until = Micros(self.retries.clock.now().0 + seconds * Micros::SECOND);
        Ok(Some(KeptAnswer { name: name.clone(), request: *request, sealed, until }))
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some((caller, name, _)) = self.named.take() {
            self.retries.running.0.lock().remove(&(caller, name));
        }
    }
}

/// Each part with its length, so that no two requests look the same.
fn hash(request: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in request {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
