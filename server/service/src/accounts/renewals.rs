//! Every proof of identity gives the session another token, so that a copy of the old cookie is worth nothing.
//!
//! The same browser may still send the old token for a moment: with a second click, or a request of the page that it is
//! leaving. For a few seconds such a request is taken for one with the newer token, and gets that with its answer. A copy
//! of the cookie elsewhere, with another address or browser, is not.

use super::{Accounts, Actor, SessionToken};
use contract::Refusal;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::SessionNumber;
use domain::time::Steady;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use store::{Renewal, SessionHash};

/// Seconds for which a replaced token still counts for its own browser.
const FOLLOWED_SECONDS: i64 = 10;
/// How many tokens in a row are followed; nobody proves themselves more often within these seconds.
const FOLLOWED_TIMES: usize = 4;

/// Which browser, as far as can be told.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Browser {
    /// Its address, for IPv6 its /64; none: unknown.
    pub(super) source: Option<Address>,
    /// Its own description.
    pub(super) user_agent: String,
}

impl Browser {
    pub(super) fn of(client: ClientAddress, user_agent: &str) -> Self {
        Self { source: client.known().map(Address::source), user_agent: user_agent.to_owned() }
    }
}

/// The token that takes the place of another.
struct Successor {
    token: SessionToken,
    browser: Browser,
    until: Steady,
}

impl Successor {
    /// Whether it was made for this browser. A browser whose address is unknown may be anybody's.
    fn is_for(&self, browser: &Browser) -> bool {
        browser.source.is_some() && self.browser == *browser
    }
}

/// Tokens that took the place of others a moment ago, in memory only: after a restart old tokens are worth nothing.
#[derive(Default)]
pub struct Renewals(Mutex<HashMap<SessionHash, Successor>>);

impl Renewals {
    /// The token that takes the place of `from`. Requests of the same browser that arrive at once get the same one;
    /// other browsers get one of their own, which the store refuses unless they were first.
    fn successor(&self, from: SessionHash, browser: Browser, now: Steady) -> Result<SessionToken, Refusal> {
        let mut successors = self.0.lock();
        successors.retain(|_, successor| now < successor.until);
        let token = match successors.get(&from) {
            Some(successor) if successor.is_for(&browser) => return Ok(successor.token.clone()),
            Some(_) => return SessionToken::generate(),
            None => SessionToken::generate()?,
        };
        let until = now.plus_seconds(FOLLOWED_SECONDS);
        successors.insert(from, Successor { token: token.clone(), browser, until });
        Ok(token)
    }

    /// The token that took the place of this one a moment ago, if the same browser asks.
    pub(super) fn follow(&self, from: SessionHash, browser: &Browser, now: Steady) -> Option<SessionToken> {
        let successors = self.0.lock();
        let mut found = None;
        let mut hash = from;
        for _ in 0..FOLLOWED_TIMES {
            let Some(successor) = successors.get(&hash) else { break };
            if !successor.is_for(browser) || now >= successor.until {
                return None;
            }
            hash = successor.token.hash();
            found = Some(successor.token.clone());
        }
        found
    }

    fn sweep(&self, now: Steady) {
        self.0.lock().retain(|_, successor| now < successor.until);
    }
}

/// The token that a browser gets with its answer, because the request renewed its session.
#[derive(Clone, Default)]
pub struct NewToken(Arc<Mutex<Option<SessionToken>>>);

impl NewToken {
    fn set(&self, token: SessionToken) {
        *self.0.lock() = Some(token);
    }

    /// Takes it out.
    pub fn take(&self) -> Option<SessionToken> {
        self.0.lock().take()
    }
}

/// A renewal that the store still has to carry out.
pub(super) struct Prepared {
    pub(super) renewal: Renewal,
    pub(super) token: SessionToken,
}

impl Prepared {
    /// Gives the token to the actor's browser, once the store has carried the renewal out.
    pub(super) fn hand_to(self, actor: &Actor) {
        // Only a session prepares one.
        if let Ok(session) = actor.session() {
            session.new_token.set(self.token);
        }
    }
}

impl Accounts {
    /// Forgets the replaced tokens that no longer count.
    pub fn sweep_renewals(&self) {
        self.renewals.sweep(self.clock.steady());
    }

    /// Another token for the session of the actor.
    pub(super) fn prepare_renewal(&self, actor: &Actor) -> Result<Prepared, Refusal> {
        let session = actor.session()?;
        self.prepare(session.number, session.token, Browser::of(actor.address, &session.user_agent))
    }

    /// Another token for a session.
    pub(super) fn prepare(
        &self,
        session: SessionNumber,
        from: SessionHash,
        browser: Browser,
    ) -> Result<Prepared, Refusal> {
        let token = self.renewals.successor(from, browser, self.clock.steady())?;
        Ok(Prepared { renewal: Renewal { session, from, to: token.hash() }, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(address: &str, user_agent: &str) -> Browser {
        Browser::of(Address::parse(address).map_or(ClientAddress::Unknown, ClientAddress::from), user_agent)
    }

    #[test]
    fn an_old_token_counts_for_its_own_browser_for_a_moment() {
        let (renewals, from) = (Renewals::default(), SessionHash([1; 32]));
        let (own, now) = (browser("203.0.113.7", "Firefox"), Steady(0));
        let first = renewals.successor(from, own.clone(), now).unwrap();
        let again = renewals.successor(from, own.clone(), now).unwrap();
        assert!(first.hash() == again.hash(), "requests at once get the same");
        let second = renewals.successor(first.hash(), own.clone(), now).unwrap();
        let followed = |browser: &Browser, seconds| {
            let found = renewals.follow(from, browser, now.plus_seconds(seconds));
            found.map(|token| token.hash())
        };
        assert!(followed(&own, 0) == Some(second.hash()), "through both");
        assert!(followed(&own, FOLLOWED_SECONDS).is_none());
        assert!(followed(&browser("203.0.113.8", "Firefox"), 0).is_none(), "a copy elsewhere");
        assert!(followed(&browser("203.0.113.7", "curl"), 0).is_none(), "a copy in another program");
        assert!(renewals.follow(SessionHash([2; 32]), &own, now).is_none());
        let (from, unknown) = (SessionHash([3; 32]), browser("", "Firefox"));
        let first = renewals.successor(from, unknown.clone(), now).unwrap();
        assert!(renewals.follow(from, &unknown, now).is_none(), "it may be anybody");
        let other = renewals.successor(from, unknown, now).unwrap();
        assert!(first.hash() != other.hash(), "nor does it get a token that was made already");
    }

    #[test]
    fn a_token_is_handed_to_the_browser_alone_that_it_was_made_for() {
        let (renewals, from, now) = (Renewals::default(), SessionHash([1; 32]), Steady(0));
        let (own, other) = (browser("203.0.113.7", "Firefox"), browser("203.0.113.8", "Firefox"));
        let first = renewals.successor(from, own.clone(), now).unwrap();
        assert!(renewals.successor(from, other, now).unwrap().hash() != first.hash());
        assert!(renewals.successor(from, own.clone(), now).unwrap().hash() == first.hash(), "nor is it lost");
        renewals.sweep(now.plus_seconds(FOLLOWED_SECONDS - 1));
        assert_eq!(renewals.0.lock().len(), 1);
        renewals.sweep(now.plus_seconds(FOLLOWED_SECONDS));
        assert!(renewals.0.lock().is_empty(), "it is not kept longer than it counts");
    }
}
