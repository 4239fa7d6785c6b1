//! The place that a connection holds, and the account that it and its requests count on.

use super::Front;
use crate::traffic::{Account, Client, Held, NoPlace, Pool, Requester};
use domain::client_address::Peer;
use domain::proxy_protocol::ConnectionSource;
use std::sync::Arc;

/// A connection's place, until it ends.
pub(super) struct Guest {
    _place: Held,
    /// The account that its requests count on. Trusted proxies and programs on this machine have none, because they send
    /// the requests of others.
    account: Option<Arc<Account>>,
}

impl Guest {
    /// Takes a place for the other end of a connection.
    pub(super) fn of_peer(front: &Front, peer: Peer) -> Result<Self, NoPlace> {
        match peer {
            Peer::Address(address) if !front.trusted.trusts(peer) => {
                Self::take(front, Requester { is_vouched_for: false, client: Client::At(address) })
            }
            Peer::Address(_) | Peer::Unix => {
                Self::take(front, Requester { is_vouched_for: true, client: Client::Proxy })
            }
        }
    }

    /// Goes on the account of the client that a PROXY header names: there the connection is the client's own.
    pub(super) fn introduced_as(
        self,
        front: &Front,
        source: Option<ConnectionSource>,
    ) -> Result<Self, NoPlace> {
        let Some(address) = source.and_then(|source| source.0) else { return Ok(self) };
        // Its own place is free by then.
        drop(self);
        Self::take(front, Requester { is_vouched_for: true, client: Client::At(address) })
    }

    fn take(front: &Front, requester: Requester) -> Result<Self, NoPlace> {
        let sources = &front.traffic.sources;
        let account = sources.account(requester);
        let place = sources.acquire(&account, Pool::Connections, &front.connections)?;
        Ok(Self { _place: place, account: (requester.client != Client::Proxy).then_some(account) })
    }

    pub(super) fn account(&self) -> Option<Arc<Account>> {
        self.account.clone()
    }
}
