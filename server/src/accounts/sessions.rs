//! Sessions: opaque random tokens, stored hashed, with an idle and an absolute limit.

use super::{Accounts, Actor, Visit, store_trouble};
use crate::domain::ids::{UserNo, Username};
use crate::domain::time::Micros;
use crate::domain::time_zone::TimeZone;
use crate::store::{Action, Audit, NewSession, SessionHash, StoreError};
use app::{Language, PortalError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Seconds within which a session's last use is not written again.
const TOUCH_SECONDS: i64 = 60;
const USER_AGENT_LIMIT: usize = 200;

/// When sessions end.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Seconds without a request.
    pub idle_seconds: i64,
    /// Seconds since the login.
    pub absolute_seconds: i64,
}

/// The secret in the session cookie: 256 random bits.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    fn generate() -> Result<Self, PortalError> {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system's random generator failed");
            PortalError::Unavailable
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Takes the value of a cookie; nothing that cannot be a session reaches the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|b| b.len() == 32);
        fits.then(|| Self(text.to_owned().into()))
    }

    /// The value of the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Under what it is stored.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.expose().as_bytes()).into())
    }
}

impl Accounts {
    /// The user of a session that has not ended.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn find_actor(
        &self,
        token: &SessionToken,
        visit: &Visit,
    ) -> Result<Option<Actor>, PortalError> {
        let found = self.store.find_session(token.hash()).await.map_err(store_trouble)?;
        let Some((session, user)) = found else { return Ok(None) };
        let now = self.clock.now();
        let idle = now.seconds_since(session.last_seen_at);
        let age = now.seconds_since(session.created_at);
        if idle >= self.limits.idle_seconds || age >= self.limits.absolute_seconds || !user.is_active() {
            return Ok(None);
        }
        if idle >= TOUCH_SECONDS
            && let Err(error) = self.store.touch_session(session.hash, now, visit.address).await
        {
            // The session only ends a little earlier; what can be read, shall be.
            tracing::debug!(%error, "a session's last use was not written");
        }
        Ok(Some(Actor {
            user: user.no,
            owner: user.owner,
            role: user.role,
            username: user.username,
            language: Language::from_code(&user.language),
            time_zone: TimeZone::find(&user.time_zone).unwrap_or_default(),
            session: session.hash,
            proved_at: session.proved_at,
            address: visit.address,
        }))
    }

    pub(super) async fn begin_session(
        &self,
        user: UserNo,
        username: &Username,
        visit: &Visit,
        now: Micros,
    ) -> Result<SessionToken, PortalError> {
        let token = SessionToken::generate()?;
        let session = NewSession {
            hash: token.hash(),
            user,
            at: now,
            address: visit.address,
            user_agent: visit.user_agent.chars().take(USER_AGENT_LIMIT).collect(),
        };
        let audit = Audit {
            at: now,
            action: Action::Login,
            actor: username.to_string(),
            user: Some(user),
            address: Some(visit.address),
            detail: String::new(),
        };
        self.store.insert_session(session, audit).await.map_err(store_trouble)?;
        Ok(token)
    }

    /// Ends the session the actor acts in.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn log_out(&self, actor: &Actor) -> Result<(), PortalError> {
        let audit = actor.audit(self.clock.now(), Action::Logout, "");
        self.store.delete_session(actor.session, audit).await.map_err(store_trouble)
    }

    /// How many sessions have not ended.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn count_sessions(&self) -> Result<u64, StoreError> {
        let (seen, begun) = self.session_bounds();
        self.store.count_sessions(seen, begun).await
    }

    /// Removes the sessions that ended by their limits.
    pub async fn sweep_sessions(&self) {
        let (seen, begun) = self.session_bounds();
        if let Err(error) = self.store.delete_old_sessions(seen, begun).await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
    }

    /// Sessions last seen before the first or begun before the second have ended.
    pub(super) fn session_bounds(&self) -> (Micros, Micros) {
        let now = self.clock.now();
        (now.plus_seconds(-self.limits.idle_seconds), now.plus_seconds(-self.limits.absolute_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_the_right_form_are_looked_up() {
        let token = SessionToken::generate().unwrap();
        assert!(SessionToken::parse(token.expose()).is_some_and(|t| t.hash() == token.hash()));
        for bad in ["", "x", &"a".repeat(42), &"é".repeat(22), &format!("{}=", token.expose())] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }
}
