//! The use case of the hot path.

use super::binding::Bindings;
use super::guesses::Guesses;
use super::index::{KeyEntry, KeyFacts, KeyIndex};
use super::journal::{Counted, Journal};
use crate::verify::Gatherer;
use contract::Code;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::Username;
use domain::rule::Ruling;
use domain::time::{Clock, Micros};
use domain::token::{Pepper, Shape, TokenFormat, TokenHash};
use std::sync::Arc;
use store::{Refusal, Store, StoreError};

/// A bind that is undone before it is seen (the lock was released meanwhile) is tried again; an owner would have
/// to release it this often, a commit each, while one request waits.
const BIND_TRIES: usize = 64;

/// One question of a gateway.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The presented text.
    pub token: &'a str,
    /// The username beside it: needed for SMPP secrets, and must match when given.
    pub username: Option<&'a str>,
    /// The client.
    pub address: Address,
    /// Decide, but bind and count nothing.
    pub dry_run: bool,
}

/// The answer.
pub struct Verdict {
    /// What it says.
    pub code: Code,
    /// The key or tombstone, when the token is known.
    pub key: Option<KeyEntry>,
    /// The use, when it was accepted and counted.
    pub counted: Option<Counted>,
    /// When to ask again, when throttled.
    pub retry_after_seconds: Option<u32>,
}

impl Verdict {
    /// A refusal of a token that no key is known for.
    #[must_use]
    pub fn refuse(code: Code) -> Self {
        Self { code, key: None, counted: None, retry_after_seconds: None }
    }

    /// A token that no key is known for; too many came, if there is a time to wait.
    fn wrong(code: Code, wait_seconds: Option<u32>) -> Self {
        let code = if wait_seconds.is_some() { Code::Throttled } else { code };
        Self { retry_after_seconds: wait_seconds, ..Self::refuse(code) }
    }
}

/// What the verifier works with.
pub struct VerifierParts {
    /// All keys.
    pub index: Arc<KeyIndex>,
    /// Where accepted uses go.
    pub journal: Arc<Journal>,
    /// Where first addresses are bound.
    pub store: Arc<dyn Store>,
    /// Where refusals are gathered that somebody has to be told of.
    pub gatherer: Arc<Gatherer>,
    /// Under which tokens are hashed.
    pub pepper: Pepper,
    /// What tokens look like.
    pub format: TokenFormat,
    /// The present.
    pub clock: Arc<dyn Clock>,
}

/// Answers gateways.
pub struct Verifier {
    parts: VerifierParts,
    bindings: Bindings,
    guesses: Guesses,
}

impl Verifier {
    /// Ready to answer.
    #[must_use]
    pub fn new(parts: VerifierParts) -> Self {
        Self { parts, bindings: Bindings::default(), guesses: Guesses::default() }
    }

    /// The gateway with that token.
    #[must_use]
    pub fn gateway(&self, token: &str) -> Option<Arc<str>> {
        self.parts.index.gateway(&self.parts.pepper.hash(token))
    }

    /// Answers one question. An accepted use is committed when this returns.
    pub async fn verify(&self, question: Question<'_>) -> Verdict {
        let now = self.parts.clock.now();
        let key = match self.find(&question, now) {
            Ok(key) => key,
            Err(verdict) => return verdict,
        };
        match self.admit(&key, question.address, question.dry_run, now).await {
            Ok(counted) => Verdict { code: Code::Valid, key: Some(key), counted, retry_after_seconds: None },
            Err(code) => {
                if !question.dry_run && code != Code::Unavailable {
                    self.count_refusal(&key, code, question.address, now);
                }
                Verdict { code, key: Some(key), counted: None, retry_after_seconds: None }
            }
        }
    }

    /// Where accepted uses go, for who watches it.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// Answers a client whose request carries no token that could be looked up, or more than one.
    #[must_use]
    pub fn refuse_malformed(&self, address: Address) -> Verdict {
        self.wrong_token(Code::Malformed, address)
    }

    /// How many sources and usernames are throttled now.
    #[must_use]
    pub fn count_throttled(&self) -> usize {
        self.guesses.count_throttled(self.parts.clock.steady())
    }

    /// What may be told of a key that passed.
    #[must_use]
    pub fn facts(&self, key: &KeyEntry) -> KeyFacts {
        self.parts.index.facts(key.no)
    }

    /// Answers if uses can be counted.
    ///
    /// # Errors
    /// What counting them met last.
    pub fn ready(&self) -> Result<(), StoreError> {
        self.parts.journal.ready()
    }

    /// Waits until every use that was accepted before is answered.
    pub async fn settle(&self) {
        self.parts.journal.settle().await;
    }

    /// Looks first and throttles then: what is known passes, whoever guesses beside it.
    fn find(&self, question: &Question<'_>, now: Micros) -> Result<KeyEntry, Verdict> {
        let Some(shape) = self.parts.format.shape(question.token) else {
            return Err(self.wrong_token(Code::Malformed, question.address));
        };
        let username = question.username.map(Username::parse);
        let key = match (shape, username) {
            (Shape::Token(_), None) => self.look_up(&self.parts.pepper.hash(question.token)),
            (Shape::Token(_), Some(name)) => {
                let key = self.look_up(&self.parts.pepper.hash(question.token));
                let is_of =
                    |key: &KeyEntry| name.is_ok_and(|name| key.user.username.folded() == name.folded());
                if key.as_ref().is_some_and(|key| !is_of(key)) {
                    // Who has the key guesses at nothing.
                    let wait_seconds = self.guesses.wait_seconds(question.address, self.parts.clock.steady());
                    return Err(Verdict::wrong(Code::NotFound, wait_seconds));
                }
                key
            }
            (Shape::Smpp, Some(Ok(name))) => return self.find_smpp(&name, question, now),
            (Shape::Smpp, None | Some(Err(_))) => None,
        };
        key.ok_or_else(|| self.wrong_token(Code::NotFound, question.address))
    }

    fn find_smpp(&self, name: &Username, question: &Question<'_>, now: Micros) -> Result<KeyEntry, Verdict> {
        let key = self.look_up(&self.parts.pepper.hash_smpp(name, question.token));
        key.ok_or_else(|| {
            let guess = self.guesses.wrong_secret(name, question.address, self.parts.clock.steady());
            if guess.is_at_name && !question.dry_run {
                self.parts.gatherer.guessed(&name.folded(), ClientAddress::Known(question.address), now);
            }
            Verdict::wrong(Code::NotFound, guess.wait_seconds)
        })
    }

    fn look_up(&self, hash: &TokenHash) -> Option<KeyEntry> {
        self.parts.index.find(hash)
    }

    fn wrong_token(&self, code: Code, address: Address) -> Verdict {
        Verdict::wrong(code, self.guesses.wrong_token(address, self.parts.clock.steady()))
    }

    /// Judges a known key; binds and counts in the same step if it may pass.
    async fn admit(
        &self,
        key: &KeyEntry,
        address: Address,
        dry_run: bool,
        now: Micros,
    ) -> Result<Option<Counted>, Code> {
        let mut ruling = self.parts.index.judge(key, address, now)?;
        if dry_run {
            return Ok(None);
        }
        if ruling == Ruling::PassAndBind {
            ruling = self.bind(key, address, now).await?;
        }
        if ruling != Ruling::Pass {
            return Err(Code::Unavailable);
        }
        let counted = self.parts.journal.record(key, address).await;
        counted.map(Some).map_err(|_| Code::Unavailable)
    }

    async fn bind(&self, key: &KeyEntry, address: Address, now: Micros) -> Result<Ruling, Code> {
        let _turn = self.bindings.enter(key.no).await;
        for _ in 0..BIND_TRIES {
            let ruling = self.parts.index.judge(key, address, now)?;
            if ruling != Ruling::PassAndBind {
                return Ok(ruling);
            }
            let bound = self.parts.store.bind_first_address(key.no, address, now).await;
            let rule = bound.map_err(|error| {
                // The writer tells of trouble once; this is asked with every request.
                tracing::debug!(%error, "a first address could not be bound");
                Code::Unavailable
            })?;
            // The index knows of a deletion or of another lock by now. It may hear of this one later, and then the rule
            // that came back decides.
            let ruling = match self.parts.index.judge(key, address, now)? {
                Ruling::PassAndBind => rule.view().judge(address),
                known => known,
            };
            if ruling != Ruling::PassAndBind {
                return Ok(ruling);
            }
        }
        Ok(Ruling::Refuse)
    }

    fn count_refusal(&self, key: &KeyEntry, code: Code, address: Address, now: Micros) {
        self.parts.gatherer.refused(key, code, address, now);
        self.parts.journal.refuse(Refusal { key: key.no, user: key.user.no, hour: now.hour(), code });
    }
}
