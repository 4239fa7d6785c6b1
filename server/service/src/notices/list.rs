//! The notices of a user, and what it does about them.

use super::Notices;
use crate::accounts::{Actor, Proved, store_trouble};
use crate::keys::Keys;
use contract::{AddressState, Cause, Field, Problem, Refusal};
use domain::address::{Address, Network};
use domain::ids::{KeyNo, NoticeNo};
use domain::notice::AddressGroup;
use domain::time::Micros;
use store::{Action, NoticeAddress, NoticeFacts, NoticeKey};

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
    /// Where it happened, as it is offered.
    pub places: Vec<ListedPlace>,
    /// Whether the actor may do something about it.
    pub may_act: bool,
}

/// An address of a notice, or a network of several.
pub struct ListedPlace {
    /// The address or the network.
    pub network: Network,
    /// How many addresses it stands for.
    pub addresses: usize,
    /// How often it happened from there.
    pub count: u64,
    /// What became of it.
    pub state: AddressState,
}

impl ListedPlace {
    fn new(place: &AddressGroup<&NoticeAddress>, state: AddressState) -> Self {
        let count = place.members.iter().map(|seen| seen.count).sum();
        Self { network: place.network, addresses: place.members.len(), count, state }
    }
}

impl Notices {
    /// One page of the actor's notices; a page past the end is the last one.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list(&self, actor: &Actor, page: u32) -> Result<NoticeList, Refusal> {
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
    pub async fn read_all(&self, actor: &Proved<'_>) -> Result<(), Refusal> {
        let read = self.store.read_all_notices(actor.user, self.clock.now(), Some(actor.session().no)).await;
        read.map_err(store_trouble)
    }

    /// Authorises an address or a network that a notice of the actor offers, for its key.
    ///
    /// # Errors
    /// There is no such notice, key or place for the actor, it may only read, or the allow list is full.
    pub async fn authorise(
        &self,
        keys: &Keys,
        actor: &Actor,
        notice: u32,
        address: &str,
    ) -> Result<(), Refusal> {
        let found = self.find_place(actor, notice, address).await?;
        let (id, network) = (found.key.id.to_string(), found.network.to_string());
        let done = keys.authorise_address(actor.may_manage()?, &id, &network).await;
        match done {
            // Two clicks want the same.
            Err(error) if error.problem_of(Field::Address) == Some(&Problem::AlreadyListed) => {}
            done => done?,
        }
        self.read(actor, notice).await;
        Ok(())
    }

    /// From now on the key's refusals from an address that a notice of the actor names raise nothing; of a network
    /// those from the addresses that the notice names.
    ///
    /// # Errors
    /// There is no such notice, key or place for the actor, or it may only read.
    pub async fn ignore(&self, actor: &Proved<'_>, notice: u32, address: &str) -> Result<(), Refusal> {
        let found = self.find_place(actor, notice, address).await?;
        for address in found.named {
            let audit = actor.audit(self.clock.now(), Action::AddressIgnored, address.to_string());
            self.store.ignore_address(found.key.no, address, IGNORED, audit).await.map_err(store_trouble)?;
        }
        self.read(actor, notice).await;
        Ok(())
    }

    /// Who acts on a notice has read it. If that cannot be written down, it is new once more.
    async fn read(&self, actor: &Actor, notice: u32) {
        let (notices, now) = (vec![NoticeNo(notice)], self.clock.now());
        let read = self.store.read_notices(actor.user, notices, now, Some(actor.session().no)).await;
        if let Err(error) = read {
            tracing::debug!(%error, "a notice could not be marked as read");
        }
    }

    fn listed(&self, actor: &Actor, facts: NoticeFacts, now: Micros) -> ListedNotice {
        let alive = living_key(&facts);
        let may_act = alive.is_some() && actor.may_manage().is_ok();
        ListedNotice { places: self.places(alive, &facts, now), may_act, facts }
    }

    /// The places of a notice. Of a network whose named addresses were all authorised one by one nothing is left to
    /// offer, and nothing may be said of the whole: they stay alone.
    fn places(&self, key: Option<KeyNo>, facts: &NoticeFacts, now: Micros) -> Vec<ListedPlace> {
        let key = key.filter(|_| facts.cause == Cause::NewAddress);
        let passes = |seen: &NoticeAddress| key.is_some_and(|key| self.passes(key, seen.address, now));
        let covers = |network| key.is_some_and(|key| self.index.covers(key, network));
        let mut listed = Vec::new();
        for place in facts.address_groups() {
            if place.is_gathered() && covers(place.network) {
                listed.push(ListedPlace::new(&place, AddressState::Authorised));
                continue;
            }
            let open: Vec<_> = place.members.iter().filter(|seen| !passes(seen)).collect();
            if open.is_empty() {
                let alone = place.members.iter().map(|seen| AddressGroup::alone(seen.address, *seen));
                listed.extend(alone.map(|place| ListedPlace::new(&place, AddressState::Authorised)));
            } else if open.iter().all(|seen| seen.ignored) {
                listed.push(ListedPlace::new(&place, AddressState::Ignored));
            } else {
                listed.push(ListedPlace::new(&place, AddressState::Open));
            }
        }
        listed
    }

    fn passes(&self, key: KeyNo, address: Address, now: Micros) -> bool {
        self.index.get(key).is_some_and(|key| self.index.judge(&key, address, now).is_ok())
    }

    /// A living key and a place that the notice offers for it, if both are the actor's to decide on.
    async fn find_place(&self, actor: &Actor, notice: u32, place: &str) -> Result<FoundPlace, Refusal> {
        actor.may_manage()?;
        let network = Network::parse(place).map_err(|_| Refusal::NotFound)?;
        let facts = self.store.find_notice(NoticeNo(notice)).await.map_err(store_trouble)?;
        let facts = facts.filter(|facts| facts.user == actor.user && facts.cause == Cause::NewAddress);
        let facts = facts.filter(|facts| living_key(facts).is_some()).ok_or(Refusal::NotFound)?;
        let is_named = facts.addresses.iter().any(|seen| Network::from(seen.address) == network);
        if !is_named && facts.address_groups().iter().all(|place| place.network != network) {
            return Err(Refusal::NotFound);
        }
        let named = facts.addresses.iter().map(|seen| seen.address);
        let named = named.filter(|address| network.contains(*address)).collect();
        Ok(FoundPlace { key: facts.key.ok_or(Refusal::NotFound)?, network, named })
    }
}

/// What is decided on.
struct FoundPlace {
    key: NoticeKey,
    network: Network,
    /// The addresses of the notice in it.
    named: Vec<Address>,
}

fn living_key(facts: &NoticeFacts) -> Option<KeyNo> {
    facts.key.as_ref().filter(|key| key.deleted_at.is_none()).map(|key| key.no)
}
