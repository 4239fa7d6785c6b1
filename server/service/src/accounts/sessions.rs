//! Sessions: begun by a login, found by the token in the cookie, ended by a limit, by their user or by the operator.

use super::renewals::Browser;
use super::visitor::audit_line;
use super::{
    Accounts, Actor, BrowserSession, LoginStep, NewToken, Reader, SessionToken, UnfinishedLogin, Via, Visit,
    Visitor, store_trouble,
};
use contract::{Field, Language, Problem, Refusal};
use domain::ids::{UserNumber, Username};
use domain::session::{Bounds, SessionTimes};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{Action, NewSession, SessionHash, SessionRow, StoreError, UserRow};

/// Seconds within which a session's last use is not written again.
const TOUCH_SECONDS: i64 = 60;
const USER_AGENT_LIMIT: usize = 200;

impl Accounts {
    /// Returns whose session a token is, if it has not ended, and how far the login has come; and the token that the
    /// browser is to have, if the one it sent was replaced a moment ago.
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
            && let Err(error) = self.store.touch_session(session.number, now, visit.address).await
        {
            // The session only ends a little earlier. Pages have to stay readable while nothing can be written.
            tracing::debug!(%error, "a session's last use was not written");
        }
        let (language, address) = (Language::from_code(&user.language), visit.address);
        let user_agent = visit.user_agent.clone();
        let step = match self.password_end(&user) {
            _ if session.code_pending => Some(LoginStep::Code),
            Some(end) if now >= end => Some(LoginStep::Password),
            _ => None,
        };
        if let Some(step) = step {
            let (user, username, session) = (user.number, user.username, session.number);
            return Visitor::Unfinished(UnfinishedLogin {
                step,
                user,
                username,
                language,
                session,
                token,
                address,
                user_agent,
            });
        }
        let time_zone = TimeZone::find(&user.time_zone).unwrap_or_default();
        let via = Via::Session(BrowserSession {
            number: session.number,
            token,
            new_token: NewToken::default(),
            proved_at: session.proved_at,
            two_factor: user.totp.is_some(),
            user_agent,
        });
        let account = user.owner.unwrap_or(user.number);
        let actor =
            Actor { user: user.number, account, role: user.role, username: user.username, via, address };
        Visitor::Complete(actor, Reader { language, time_zone })
    }

    /// Begins a session that needs nothing more.
    pub(super) async fn begin_session(
        &self,
        user: UserNumber,
        username: &Username,
        visit: &Visit,
        now: Micros,
    ) -> Result<SessionToken, Refusal> {
        let (token, session) = new_session(user, visit, now, false)?;
        let audit = audit_line(now, Action::Login, username.as_str(), Some(user), visit.address);
        self.store.insert_session(session, audit).await.map_err(store_trouble)?;
        Ok(token)
    }

    /// Begins the session of a user whose password was just checked. Where the second factor is on, the session waits
    /// for the code, and becomes a login when that is given.
    pub(super) async fn begin_login(
        &self,
        user: &UserRow,
        visit: &Visit,
        now: Micros,
    ) -> Result<SessionToken, Refusal> {
        let code_pending = user.totp.is_some();
        let (token, session) = new_session(user.number, visit, now, code_pending)?;
        // The password may have been changed meanwhile, or the second factor switched on.
        let session = NewSession { verified: Some(user.password_hash.clone()), ..session };
        let action = if code_pending { Action::PasswordAccepted } else { Action::Login };
        let audit = audit_line(now, action, user.username.as_str(), Some(user.number), visit.address);
        match self.store.insert_session(session, audit).await {
            Err(StoreError::NotFound) => Err(Refusal::field(Field::Form, Problem::WrongCredentials)),
            inserted => inserted.map(|()| token).map_err(store_trouble),
        }
    }

    /// Ends the session of a visitor, complete or not; refuses where nobody is logged in.
    pub async fn log_out(
        &self,
        actor: Option<&Actor>,
        unfinished: Option<&UnfinishedLogin>,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let (session, audit) = match (actor, unfinished) {
            (Some(actor), _) => (actor.session()?.number, actor.audit(now, Action::Logout, "")),
            (None, Some(unfinished)) => (unfinished.session, unfinished.audit(now, Action::Logout)),
            (None, None) => return Err(Refusal::SignedOut),
        };
        self.store.delete_session(session, audit).await.map_err(store_trouble)
    }

    /// How many sessions have not ended.
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

    /// Sessions last seen before the first time or begun before the second have ended.
    pub(super) fn session_bounds(&self) -> (Micros, Micros) {
        let Bounds { seen, begun, .. } = self.limits.bounds(self.clock.now());
        (seen, begun)
    }
}

pub(super) fn new_session(
    user: UserNumber,
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
