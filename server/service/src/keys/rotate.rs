//! Rotation: another token for the same key, and the end of the one before.

use super::generate::{Generated, Keep, TRIES};
use super::{Keys, ListedKey, span_starts};
use crate::accounts::{KeyManager, Proved, store_trouble};
use contract::{Field, Problem, Refusal};
use domain::rotation;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{Action, NewToken, OldTokenUses, Rotation, SpanStarts, StoreError};

/// The token before the present one, while it passes too.
pub struct OldToken {
    /// Which rotation replaced it, and until when it passes.
    pub rotation: Rotation,
    /// Its uses since the rotation.
    pub uses: OldTokenUses,
    /// All uses of the key: today and yesterday.
    pub of_all: [u64; 2],
    /// Whether it was silent for so long that nothing seems to need it.
    pub is_safe_to_end: bool,
}

impl Keys {
    /// Gives a key another token, and returns it. The one before passes for so many seconds more, which have to be among
    /// [`rotation::OVERLAPS`]. A key that manages keys takes a proof, unless the session has one.
    ///
    /// # Errors
    /// There is no such key for the actor, a proof is needed, the seconds cannot be chosen, or the token before the present one still passes.
    pub async fn rotate_key(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        overlap_seconds: u32,
        proved: Option<&Proved<'_>>,
        keep: Keep<'_>,
    ) -> Result<Generated, Refusal> {
        let before = self.find_listed(&actor, id).await?;
        // The new token may manage keys too, and for that a stolen cookie must not be enough.
        let is_guarded = before.row.manages_keys && actor.session().is_ok();
        if is_guarded && proved.is_none() && self.accounts.is_proof_needed(&actor) {
            return Err(Refusal::ProofNeeded);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let Some(until) = rotation::end_of_overlap(overlap_seconds, now) else {
                return Err(Refusal::field(Field::OverlapSeconds, Problem::UnknownOverlap));
            };
            let (rotated, new) = self.draw_again(&before, now, until).map_err(store_trouble)?;
            let detail = if rotation::passes(until, now) { until.rfc_3339() } else { String::new() };
            let actor = actor.keeping(keep(&rotated)?);
            let audit = actor.audit(now, Action::KeyRotated, detail);
            match self.store.rotate_key(before.row.id, new, until, audit).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::LimitReached) => {
                    return Err(Refusal::field(Field::Form, Problem::OldTokenPasses));
                }
                Err(error) => return Err(store_trouble(error)),
                Ok(()) => {
                    // A use by the old token that was judged before is answered before the rotation is.
                    self.verifier.settle().await;
                    return Ok(rotated);
                }
            }
        }
        Err(Refusal::Unavailable)
    }

    /// The key as it will be with its next token.
    fn draw_again(
        &self,
        before: &ListedKey,
        now: Micros,
        until: Micros,
    ) -> Result<(Generated, NewToken), StoreError> {
        let mut key = before.clone();
        let row = &mut key.row;
        let (token, sealed) = self.draw_token(row.id, row.key_type)?;
        row.token_hash = self.pepper.hash_for(row.key_type, &row.username, &token);
        let masked = std::mem::replace(&mut row.masked, token.masked());
        row.is_sealed = sealed.is_some();
        row.rotation = Some(Rotation { at: now, until, masked });
        let new = NewToken { token_hash: row.token_hash, masked: row.masked.clone(), sealed };
        Ok((Generated { key, token }, new))
    }

    /// Refuses the token before the present one from the next request on.
    ///
    /// # Errors
    /// There is no such key for the actor, or no token before its present one passes.
    pub async fn end_old_token(&self, actor: KeyManager<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(&actor, id).await?;
        let audit = actor.audit(self.clock.now(), Action::OldTokenEnded, "");
        self.store.end_old_token(row.id, audit).await.map_err(store_trouble)?;
        self.verifier.settle().await;
        Ok(())
    }

    /// What the page of a key tells of the token before, while that passes.
    pub(super) async fn find_old_token(
        &self,
        key: &ListedKey,
        zone: &TimeZone,
    ) -> Result<Option<OldToken>, Refusal> {
        let now = self.clock.now();
        let rotation = key.row.rotation.clone().filter(|rotation| rotation::passes(rotation.until, now));
        let Some(rotation) = rotation else { return Ok(None) };
        let today = span_starts(now, zone).today;
        let yesterday = zone.midnight(now, 1).hour();
        let uses = self.store.find_old_token_uses(key.row.id, rotation.at, [today, yesterday]).await;
        let uses = uses.map_err(store_trouble)?;
        let starts = SpanStarts { today, days_7: yesterday, days_30: yesterday };
        let all = self.store.count_key_uses(key.row.id, starts).await.map_err(store_trouble)?;
        let [of_today, of_both, _] = all.accepted;
        Ok(Some(OldToken {
            is_safe_to_end: rotation::is_safe_to_end(uses.last(), rotation.at, now),
            of_all: [of_today, of_both.saturating_sub(of_today)],
            uses,
            rotation,
        }))
    }
}
