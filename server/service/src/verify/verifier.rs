//! The use case of the hot path: may this token pass from this address?
//!
//! Runs on the thread that serves connections. It awaits a commit of the journal for an accepted use, and the store for
//! a first address; everything else comes from memory. A use is committed when its verdict is returned.

use super::binding::Bindings;
use super::guesses::Guesses;
use super::index::{Admission, KeyEntry, KeyFacts, KeyIndex};
use super::journal::{Counted, Journal};
use super::notice_buffer::NoticeBuffer;
use contract::Code;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::Username;
use domain::rule::Ruling;
use domain::time::{Clock, Micros};
use domain::token::{Pepper, SMPP_LENGTH, Shape, TokenFormat};
use std::sync::Arc;
use store::{Refusal, Store, StoreError};

/// How often a bind is tried that was undone before it was seen, because the owner released the lock meanwhile. Each
/// release is a commit, so nobody releases it this often while one request waits.
const BIND_TRIES: usize = 64;

/// What a gateway asks: may this token pass from this address?
#[derive(Clone, Copy)]
pub struct VerificationRequest<'a> {
    /// The presented text.
    pub token: &'a str,
    /// The username beside it: needed for SMPP secrets, and must match when given.
    pub username: Option<&'a str>,
    /// The client.
    pub address: Address,
    /// Whether to decide only, and bind and count nothing.
    pub dry_run: bool,
}

/// The answer to a gateway.
pub struct Verdict {
    /// Whether the token may pass, and why not.
    pub code: Code,
    /// The key or tombstone, when the token is known.
    pub key: Option<KeyEntry>,
    /// The use, when it was accepted and counted.
    pub counted: Option<Counted>,
    /// When to ask again, if throttled.
    pub retry_after_seconds: Option<u32>,
}

impl Verdict {
    /// The refusal of a token that belongs to no key.
    pub fn refuse(code: Code) -> Self {
        Self { code, key: None, counted: None, retry_after_seconds: None }
    }

    /// The refusal of a wrong token; `Throttled`, if there is a time to wait.
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
    /// Where refusals are counted for notices.
    pub notice_buffer: Arc<NoticeBuffer>,
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
    /// A verifier with empty throttles.
    pub fn new(parts: VerifierParts) -> Self {
        Self { parts, bindings: Bindings::default(), guesses: Guesses::default() }
    }

    /// The gateway with that token.
    pub fn gateway(&self, token: &str) -> Option<Arc<str>> {
        self.parts.index.gateway(&self.parts.pepper.hash(token))
    }

    /// Returns the verdict on one request. An accepted use is committed when this returns.
    pub async fn verify(&self, request: VerificationRequest<'_>) -> Verdict {
        let now = self.parts.clock.now();
        let key = match self.find(&request, now) {
            Ok(key) => key,
            Err(verdict) => return verdict,
        };
        match self.admit(&key, request.address, request.dry_run, now).await {
            Ok(counted) => Verdict { code: Code::Valid, key: Some(key), counted, retry_after_seconds: None },
            Err(code) => {
                if !request.dry_run && code != Code::Unavailable {
                    self.count_refusal(&key, code, request.address, now);
                }
                Verdict { code, key: Some(key), counted: None, retry_after_seconds: None }
            }
        }
    }

    /// Where accepted uses go.
    pub fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// Returns the verdict on a request with more than one token, or with none that could be looked up.
    pub fn refuse_malformed(&self, address: Address) -> Verdict {
        self.wrong_token(Code::Malformed, address)
    }

    /// How many sources and usernames are throttled now.
    pub fn count_throttled(&self) -> usize {
        self.guesses.count_throttled(self.parts.clock.steady())
    }

    /// What a gateway may be told of a key that passed.
    pub fn facts(&self, key: &KeyEntry) -> KeyFacts {
        self.parts.index.facts(key)
    }

    /// Whether uses can be counted, or the error of the last commit.
    pub fn ready(&self) -> Result<(), StoreError> {
        self.parts.journal.ready()
    }

    /// Waits until every use that was accepted before is answered.
    pub async fn settle(&self) {
        self.parts.journal.settle().await;
    }

    /// What a presented text could be; `None` is MALFORMED.
    pub fn shape(&self, text: &str) -> Option<Shape> {
        let VerifierParts { format, index, .. } = &self.parts;
        let own = format.shape(text);
        if own.is_some() || !index.admits_foreign() { own } else { format.foreign_shape(text).ok() }
    }

    /// Finds the key. It is looked up before anything is throttled: a known key passes, whoever guesses beside it.
    fn find(&self, request: &VerificationRequest<'_>, now: Micros) -> Result<KeyEntry, Verdict> {
        let Some(shape) = self.shape(request.token) else {
            return Err(self.wrong_token(Code::Malformed, request.address));
        };
        let username = request.username.map(Username::parse);
        let of_name = username.as_ref().and_then(|name| name.as_ref().ok());
        // None of our other tokens is as short; an imported secret may have other characters than ours.
        let is_secret = request.token.len() == SMPP_LENGTH;
        let hash = of_name.filter(|_| is_secret).map(|name| self.parts.pepper.hash_smpp(name, request.token));
        let key = hash.and_then(|hash| self.parts.index.find(&hash));
        match (key.or_else(|| self.look_up(shape, request.token)), username) {
            (Some(key), None) => Ok(key),
            (Some(key), Some(Ok(name))) if key.user.username.folded() == name.folded() => Ok(key),
            (Some(_), Some(_)) => {
                // The token is right, so this is no guess and is not charged.
                let wait_seconds = self.guesses.wait_seconds(request.address, self.parts.clock.steady());
                Err(Verdict::wrong(Code::NotFound, wait_seconds))
            }
            (None, Some(Ok(name))) if is_secret => Err(self.wrong_secret(&name, request, now)),
            (None, _) => Err(self.wrong_token(Code::NotFound, request.address)),
        }
    }

    fn wrong_secret(&self, name: &Username, request: &VerificationRequest<'_>, now: Micros) -> Verdict {
        let guess = self.guesses.charge_secret(name, request.address, self.parts.clock.steady());
        if guess.is_at_name && !request.dry_run {
            let client = ClientAddress::Known(request.address);
            self.parts.notice_buffer.add_guess(&name.folded(), client, now);
        }
        Verdict::wrong(Code::NotFound, guess.wait_seconds)
    }

    /// The key with that token alone. A token of our form may be known by its SHA-256, and a foreign one by the hash that
    /// ours have; neither costs a token anything that is found at once.
    fn look_up(&self, shape: Shape, token: &str) -> Option<KeyEntry> {
        let VerifierParts { pepper, index, .. } = &self.parts;
        let (own, foreign) = (|| index.find(&pepper.hash(token)), || index.find(&pepper.hash_foreign(token)));
        match shape {
            Shape::Token(_) => own().or_else(|| if index.admits_foreign() { foreign() } else { None }),
            Shape::Smpp if !index.admits_foreign() => None,
            Shape::Smpp | Shape::Foreign => foreign().or_else(own),
        }
    }

    fn wrong_token(&self, code: Code, address: Address) -> Verdict {
        Verdict::wrong(code, self.guesses.charge_token(address, self.parts.clock.steady()))
    }

    /// Judges a known key, and binds and counts if it may pass.
    async fn admit(
        &self,
        key: &KeyEntry,
        address: Address,
        dry_run: bool,
        now: Micros,
    ) -> Result<Option<Counted>, Code> {
        let admission = self.parts.index.judge(key, address, now)?;
        if dry_run {
            return Ok(None);
        }
        if admission.ruling != Ruling::Pass {
            self.obey(admission.ruling, key, address, now).await?;
        }
        let counted = self.parts.journal.record(key, address, admission.rotated_at).await;
        let counted = counted.map_err(|_| Code::Unavailable)?;
        if !self.parts.index.is_current(&admission) {
            self.judge_again(key, address).await?;
        }
        Ok(Some(counted))
    }

    /// Judges a use that is committed already, because another process changed something before that commit or since. So
    /// VALID rests on the commit and on no clock. A use that does not pass any more stays counted: what was answered VALID
    /// is never more than what is counted, and may be less.
    async fn judge_again(&self, key: &KeyEntry, address: Address) -> Result<(), Code> {
        let now = self.parts.clock.now();
        let Admission { ruling, .. } = self.parts.index.judge(key, address, now)?;
        self.obey(ruling, key, address, now).await
    }

    /// Binds the first address where the rule says so.
    async fn obey(&self, ruling: Ruling, key: &KeyEntry, address: Address, now: Micros) -> Result<(), Code> {
        let ruling = if ruling == Ruling::PassAndBind { self.bind(key, address, now).await? } else { ruling };
        if ruling == Ruling::Pass { Ok(()) } else { Err(Code::Unavailable) }
    }

    async fn bind(&self, key: &KeyEntry, address: Address, now: Micros) -> Result<Ruling, Code> {
        let _turn = self.bindings.wait_for_turn(key.id).await;
        for _ in 0..BIND_TRIES {
            let ruling = self.parts.index.judge(key, address, now)?.ruling;
            if ruling != Ruling::PassAndBind {
                return Ok(ruling);
            }
            let bound = self.parts.store.bind_first_address(key.id, address, now).await;
            let rule = bound.map_err(|error| {
                // The writer logs trouble once; this would log it for every request.
                tracing::debug!(%error, "a first address could not be bound");
                Code::Unavailable
            })?;
            // The index has a deletion or another lock by now. It may get this lock later; until then the rule that the
            // store returned lets the request pass. That rule refuses nothing: where it does not pass, the index is
            // newer, as an address that was authorised meanwhile shows, and the bind is tried again.
            match self.parts.index.judge(key, address, now)?.ruling {
                Ruling::PassAndBind if rule.view().judge(address) == Ruling::Pass => return Ok(Ruling::Pass),
                Ruling::PassAndBind => {}
                known => return Ok(known),
            }
        }
        Ok(Ruling::Refuse)
    }

    fn count_refusal(&self, key: &KeyEntry, code: Code, address: Address, now: Micros) {
        self.parts.notice_buffer.add_refusal(key, code, address, now);
        self.parts.journal.refuse(Refusal { key: key.number, user: key.user.number, hour: now.hour(), code });
    }
}

#[cfg(test)]
mod tests;
