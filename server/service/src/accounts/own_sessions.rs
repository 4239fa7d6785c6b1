//! The sessions of a user, seen and ended by themselves.

use super::{Accounts, Actor, store_trouble};
use contract::Refusal;
use domain::address::Address;
use domain::device::Device;
use domain::ids::SessionNumber;
use domain::time::Micros;
use sha2::{Digest, Sha256};
use store::{Action, UserSession};

/// The most that are listed; the others can be ended together.
const LISTED: u32 = 100;

/// A session as its user sees it.
pub struct OwnSession {
    /// What forms call it; not its number in the store.
    pub id: String,
    /// Whether it is the one in which the list is read.
    pub is_present: bool,
    /// On which device.
    pub device: Device,
    /// The address from which it was last used; none: unknown.
    pub address: Option<Address>,
    /// When it began.
    pub begun: Micros,
    /// When it was last used, to within a minute.
    pub last_seen: Micros,
}

impl Accounts {
    /// The sessions of the actor that have not ended, the last used first.
    pub async fn list_own_sessions(&self, actor: &Actor) -> Result<Vec<OwnSession>, Refusal> {
        let present = actor.session()?.number;
        let own = |session: UserSession| OwnSession {
            id: public_id(session.number),
            is_present: session.number == present,
            device: Device::of(&session.user_agent),
            address: session.address.known(),
            begun: session.created_at,
            last_seen: session.last_seen_at,
        };
        Ok(self.sessions_of(actor).await?.into_iter().map(own).collect())
    }

    /// Ends one session of the actor; it is refused at its next request.
    pub async fn end_session(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        let mut sessions = self.sessions_of(actor).await?.into_iter();
        let session = sessions.find(|session| public_id(session.number) == id).ok_or(Refusal::NotFound)?;
        let from = session.address.known().map(|address| address.to_string()).unwrap_or_default();
        let audit = actor.audit(self.clock.now(), Action::SessionEnded, from);
        self.store.delete_session(session.number, audit).await.map_err(store_trouble)
    }

    /// Ends all sessions of the actor but the present one. That gets another token, so that a copy of its cookie ends
    /// too.
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<(), Refusal> {
        let audit = actor.audit(self.clock.now(), Action::SessionEnded, "");
        let prepared = self.prepare_renewal(actor)?;
        let ended = self.store.delete_other_sessions(actor.user, prepared.renewal, audit).await;
        ended.map_err(store_trouble)?;
        prepared.hand_to(actor);
        Ok(())
    }

    async fn sessions_of(&self, actor: &Actor) -> Result<Vec<UserSession>, Refusal> {
        let (seen, begun) = self.session_bounds();
        self.store.list_user_sessions(actor.user, seen, begun, LISTED).await.map_err(store_trouble)
    }
}

/// A hash of the number, because the number itself would tell how many sessions the installation has seen.
fn public_id(session: SessionNumber) -> String {
    hex::encode(&Sha256::digest(format!("session {}", session.0))[..16])
}
