//! Sessions: opaque random tokens, stored hashed, with an idle and an absolute limit.

use super::renewals::Browser;
use super::{
    Accounts, Actor, BrowserSession, NewToken, Owed, Owing, Reader, Via, Visit, Visitor, store_trouble,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::Language;
use contract::{Field, Problem, Refusal};
use domain::ids::{UserNo, Username};
use domain::session::{Bounds, SessionTimes};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::{Action, Audit, NewSession, SessionHash, SessionRow, StoreError, UserRow};

/// Seconds within which a session's last use is not written again.
const TOUCH_SECONDS: i64 = 60;
const USER_AGENT_LIMIT: usize = 200;

/// The secret in the session cookie: 256 random bits.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    pub(super) fn generate() -> Result<Self, Refusal> {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system's random generator failed");
            Refusal::Unavailable
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
    /// Who a session belongs to, if it has not ended, and how far it has come; and the token that the browser is to
    /// have, if the one it sent was replaced a moment ago.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn find_visitor(
        &self,
        token: &SessionToken,
        visit: &Visit,
    ) -> Result<(Visitor, Option<SessionToken>), Refusal> {
        if let Some(found) = self.find_session(token.hash()).await? {
            return Ok((self.judge(found, token.hash(), visit).await, None));
        }
        let browser = Browser::of(visit.address, &visit.user_agent);
        let Some(newer) = self.renewals.follow(token.hash(), &browser, self.clock.steady()) else {
            return Ok((Visitor::Nobody, None));
        };
        match self.find_session(newer.hash()).await? {
            Some(found) => Ok((self.judge(found, newer.hash(), visit).await, Some(newer))),
            None => Ok((Visitor::Nobody, None)),
        }
    }

    async fn find_session(&self, token: SessionHash) -> Result<Option<(SessionRow, UserRow)>, Refusal> {
        self.store.find_session(token).await.map_err(store_trouble)
    }

    async fn judge(&self, found: (SessionRow, UserRow), token: SessionHash, visit: &Visit) -> Visitor {
        let (session, user) = found;
        let now = self.clock.now();
        let idle = now.seconds_since(session.last_seen_at);
        let SessionRow { created_at, last_seen_at, code_pending, .. } = session;
        let times = SessionTimes { created_at, last_seen_at, code_pending };
        if self.limits.is_over(&times, now) || !user.is_active() {
            return Visitor::Nobody;
        }
        if idle >= TOUCH_SECONDS
            && let Err(error) = self.store.touch_session(session.no, now, visit.address).await
        {
            // The session only ends a little earlier; what can be read, shall be.
            tracing::debug!(%error, "a session's last use was not written");
        }
        let language = Language::from_code(&user.language);
        let owed = match self.password_end(&user) {
            _ if session.code_pending => Some(Owed::Code),
            Some(end) if now >= end => Some(Owed::Password),
            _ => None,
        };
        if let Some(owed) = owed {
            let (user, username, address) = (user.no, user.username, visit.address);
            return Visitor::Owing(Owing {
                owed,
                user,
                username,
                language,
                session: session.no,
                token,
                address,
                user_agent: visit.user_agent.clone(),
            });
        }
        let time_zone = TimeZone::find(&user.time_zone).unwrap_or_default();
        let via = Via::Session(BrowserSession {
            no: session.no,
            token,
            new_token: NewToken::default(),
            proved_at: session.proved_at,
            two_factor: user.totp.is_some(),
            user_agent: visit.user_agent.clone(),
        });
        let actor = Actor {
            user: user.no,
            account: user.owner.unwrap_or(user.no),
            role: user.role,
            username: user.username,
            via,
            address: visit.address,
        };
        Visitor::Complete(actor, Reader { language, time_zone })
    }

    /// Begins a session that needs nothing more.
    pub(super) async fn begin_session(
        &self,
        user: UserNo,
        username: &Username,
        visit: &Visit,
        now: Micros,
    ) -> Result<SessionToken, Refusal> {
        let (token, session) = Self::new_session(user, visit, now, false)?;
        let audit = Audit {
            at: now,
            action: Action::Login,
            actor: username.to_string(),
            user: Some(user),
            address: Some(visit.address),
            detail: String::new(),
            session: None,
        };
        self.store.insert_session(session, audit).await.map_err(store_trouble)?;
        Ok(token)
    }

    /// Begins the session of a user whose password was just checked; where the second factor is on, it waits for
    /// the code, and becomes a login when that is given.
    pub(super) async fn begin_login(
        &self,
        user: &UserRow,
        visit: &Visit,
        now: Micros,
    ) -> Result<SessionToken, Refusal> {
        let code_pending = user.totp.is_some();
        let (token, session) = Self::new_session(user.no, visit, now, code_pending)?;
        // Meanwhile the password may have been changed, or the second factor switched on.
        let session = NewSession { verified: Some(user.password_hash.clone()), ..session };
        let audit = Audit {
            at: now,
            action: if code_pending { Action::PasswordAccepted } else { Action::Login },
            actor: user.username.to_string(),
            user: Some(user.no),
            address: Some(visit.address),
            detail: String::new(),
            session: None,
        };
        match self.store.insert_session(session, audit).await {
            Err(StoreError::NotFound) => Err(Refusal::field(Field::Form, Problem::WrongCredentials)),
            inserted => inserted.map(|()| token).map_err(store_trouble),
        }
    }

    pub(super) fn new_session(
        user: UserNo,
        visit: &Visit,
        at: Micros,
        code_pending: bool,
    ) -> Result<(SessionToken, NewSession), Refusal> {
        let token = SessionToken::generate()?;
        let session = NewSession {
            hash: token.hash(),
            user,
            at,
            address: visit.address,
            user_agent: visit.user_agent.chars().take(USER_AGENT_LIMIT).collect(),
            code_pending,
            verified: None,
            replaces: visit.session,
        };
        Ok((token, session))
    }

    /// Ends the session of a visitor, complete or not.
    ///
    /// # Errors
    /// Nobody is logged in, or the store is in trouble.
    pub async fn log_out(&self, actor: Option<&Actor>, owing: Option<&Owing>) -> Result<(), Refusal> {
        let now = self.clock.now();
        let (session, audit) = match (actor, owing) {
            (Some(actor), _) => (actor.session().no, actor.audit(now, Action::Logout, "")),
            (None, Some(owing)) => (owing.session, owing.audit(now, Action::Logout)),
            (None, None) => return Err(Refusal::SignedOut),
        };
        self.store.delete_session(session, audit).await.map_err(store_trouble)
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
        let Bounds { seen, begun, asked } = self.limits.bounds(self.clock.now());
        if let Err(error) = self.store.delete_old_sessions(seen, begun, asked).await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
    }

    /// Sessions last seen before the first or begun before the second have ended.
    pub(super) fn session_bounds(&self) -> (Micros, Micros) {
        let Bounds { seen, begun, .. } = self.limits.bounds(self.clock.now());
        (seen, begun)
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
