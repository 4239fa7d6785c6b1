//! The notices of a user, and what it does about them.

use super::Notices;
use crate::accounts::{Actor, Proved, store_trouble};
use crate::domain::address::Address;
use crate::domain::ids::{KeyNo, NoticeNo};
use crate::domain::notice::Cause;
use crate::domain::time::Micros;
use crate::keys::Keys;
use crate::store::{Action, NoticeFacts, NoticeKey};
use app::{Field, PortalError, Problem};

/// Notices on a page.
const PAGE: u32 = 20;
/// The most addresses that are ignored for a key.
const IGNORED: u32 = 100;

/// One page of notices.
pub struct NoticeList {
    /// Newest first.
    pub notices: Vec<ListedNotice>,
    /// This page, from 1; 0 when there is none.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many unread ones there are on all pages.
    pub unread: u64,
}

/// A notice, and what can be done about it.
pub struct ListedNotice {
    /// The notice.
    pub facts: NoticeFacts,
    /// Those of its addresses from which the key passes now.
    pub passing: Vec<Address>,
    /// Whether the actor may do something about it.
    pub may_act: bool,
}

impl Notices {
    /// One page of the actor's notices; a page past the end is the last one.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list(&self, actor: &Actor, page: u32) -> Result<NoticeList, PortalError> {
        let total = self.store.count_notices(actor.user).await.map_err(store_trouble)?;
        let unread = self.store.count_unread_notices(actor.user).await.map_err(store_trouble)?;
        let pages = u32::try_from(total.div_ceil(PAGE.into())).unwrap_or(u32::MAX).max(1);
        let page = page.clamp(1, pages);
        let found = self.store.list_notices(actor.user, (page - 1).saturating_mul(PAGE), PAGE).await;
        let now = self.clock.now();
        let notices = found.map_err(store_trouble)?.into_iter().map(|facts| self.listed(actor, facts, now));
        Ok(NoticeList { notices: notices.collect(), page: if total == 0 { 0 } else { page }, pages, unread })
    }

    /// How many notices the actor has not read. It stands on every page and must not keep one from being shown.
    pub async fn count_unread(&self, actor: &Actor) -> u32 {
        let unread = self.store.count_unread_notices(actor.user).await;
        unread.map_or(0, |unread| u32::try_from(unread).unwrap_or(u32::MAX))
    }

    /// Marks all notices of the actor as read.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn read_all(&self, actor: &Proved<'_>) -> Result<(), PortalError> {
        self.store.read_all_notices(actor.user, self.clock.now()).await.map_err(store_trouble)
    }

    /// Authorises an address that a notice of the actor names, for its key.
    ///
    /// # Errors
    /// There is no such notice, key or address for the actor, it may only read, or the allow list is full.
    pub async fn authorise(
        &self,
        keys: &Keys,
        actor: &Actor,
        notice: u32,
        address: &str,
    ) -> Result<(), PortalError> {
        let (key, address) = self.find_address(actor, notice, address).await?;
        let done = keys.authorise_address(actor, &key.id.to_string(), &address.to_string()).await;
        match done {
            // Two clicks want the same.
            Err(error) if error.problem_of(Field::Address) == Some(&Problem::AlreadyListed) => {}
            done => done?,
        }
        self.read(actor, notice).await;
        Ok(())
    }

    /// From now on the key's refusals from an address that a notice of the actor names raise nothing.
    ///
    /// # Errors
    /// There is no such notice, key or address for the actor, or it may only read.
    pub async fn ignore(&self, actor: &Proved<'_>, notice: u32, address: &str) -> Result<(), PortalError> {
        let (key, address) = self.find_address(actor, notice, address).await?;
        let audit = actor.audit(self.clock.now(), Action::AddressIgnored, address.to_string());
        self.store.ignore_address(key.no, address, IGNORED, audit).await.map_err(store_trouble)?;
        self.read(actor, notice).await;
        Ok(())
    }

    /// Who acts on a notice has read it. If that cannot be written down, it is new once more.
    async fn read(&self, actor: &Actor, notice: u32) {
        let read = self.store.read_notices(actor.user, vec![NoticeNo(notice)], self.clock.now()).await;
        if let Err(error) = read {
            tracing::debug!(%error, "a notice could not be marked as read");
        }
    }

    fn listed(&self, actor: &Actor, facts: NoticeFacts, now: Micros) -> ListedNotice {
        let alive = living_key(&facts);
        let passing = match (&alive, facts.cause) {
            (Some(key), Cause::NewAddress) => {
                let addresses = facts.addresses.iter().map(|named| named.address);
                addresses.filter(|address| self.passes(*key, *address, now)).collect()
            }
            _ => Vec::new(),
        };
        let may_act = alive.is_some() && actor.may_manage().is_ok();
        ListedNotice { passing, may_act, facts }
    }

    fn passes(&self, key: KeyNo, address: Address, now: Micros) -> bool {
        self.index.get(key).is_some_and(|key| self.index.judge(&key, address, now).is_ok())
    }

    /// A living key and an address of it that the notice names, if both are the actor's to decide on.
    async fn find_address(
        &self,
        actor: &Actor,
        notice: u32,
        address: &str,
    ) -> Result<(NoticeKey, Address), PortalError> {
        actor.may_manage()?;
        let address = Address::parse(address.trim()).map_err(|_| PortalError::NotFound)?;
        let facts = self.store.find_notice(NoticeNo(notice)).await.map_err(store_trouble)?;
        let facts = facts.filter(|facts| facts.user == actor.user && facts.cause == Cause::NewAddress);
        let facts = facts.filter(|facts| facts.addresses.iter().any(|named| named.address == address));
        let key = facts.filter(|facts| living_key(facts).is_some()).and_then(|facts| facts.key);
        Ok((key.ok_or(PortalError::NotFound)?, address))
    }
}

fn living_key(facts: &NoticeFacts) -> Option<KeyNo> {
    facts.key.as_ref().filter(|key| key.deleted_at.is_none()).map(|key| key.no)
}
