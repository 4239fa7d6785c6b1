//! The notices of a user, and what they may do about them.

use super::Notices;
use crate::accounts::{Actor, Proved, store_trouble};
use crate::keys::Keys;
use crate::paging::Paging;
use crate::verify::KeyEntry;
use contract::{AddressState, Cause, Field, Problem, Refusal};
use domain::address::{Address, Network};
use domain::attention::refused_since;
use domain::ids::NoticeNumber;
use domain::notice::AddressGroup;
use domain::time::Micros;
use store::{Action, NoticeAddress, NoticeFacts, NoticeKey};

/// Notices on a page.
const PAGE: u32 = 20;
/// The most refusals that are looked at for the first page.
const REFUSALS: u32 = 25;
/// The most ignored addresses per key.
const IGNORED: u32 = 100;

/// One page of notices.
pub struct NoticeList {
    /// Newest first.
    pub notices: Vec<ListedNotice>,
    /// This page, from 1; 0 when there is no notice.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many unread notices there are on all pages.
    pub unread: u64,
}

/// A notice, and what can be done about it.
pub struct ListedNotice {
    /// The notice.
    pub facts: NoticeFacts,
    /// The addresses and networks it names, each with what may be done.
    pub places: Vec<ListedPlace>,
    /// Whether the actor may do something about it.
    pub may_act: bool,
}

impl ListedNotice {
    /// Whether somebody has to decide about an address that it names. Where it names none, nobody could.
    fn is_open(&self) -> bool {
        self.places.is_empty() || self.places.iter().any(|place| place.state == AddressState::Open)
    }
}

/// Refusals that users were told of lately.
pub struct RefusalList {
    /// The latest first.
    pub notices: Vec<ListedNotice>,
    /// Whether there may be more.
    pub is_cut: bool,
}

/// An address of a notice, or a network of several.
pub struct ListedPlace {
    /// The address or the network.
    pub network: Network,
    /// How many addresses it stands for.
    pub addresses: usize,
    /// How often it happened there.
    pub count: u64,
    /// What was decided about it.
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
    pub async fn list(&self, actor: &Actor, page: u32) -> Result<NoticeList, Refusal> {
        let total = self.store.count_notices(actor.user).await.map_err(store_trouble)?;
        let unread = self.store.count_unread_notices(actor.user).await.map_err(store_trouble)?;
        let Paging { page, pages, skipped } = Paging::new(total, page, PAGE);
        let found = self.store.list_notices(actor.user, skipped, PAGE).await;
        let now = self.clock.now();
        let notices = found.map_err(store_trouble)?.into_iter().map(|facts| self.listed(actor, facts, now));
        Ok(NoticeList { notices: notices.collect(), page, pages, unread })
    }

    /// The keys of the actor that are refused lately from addresses that nobody decided about, and the dead keys that are
    /// still sent, each by its latest notice.
    pub async fn list_refusals(&self, actor: &Actor) -> Result<RefusalList, Refusal> {
        let now = self.clock.now();
        let found = self.store.list_refusal_notices(actor.user, refused_since(now), REFUSALS).await;
        let found = found.map_err(store_trouble)?;
        let is_cut = found.len() >= REFUSALS as usize;
        let mut notices: Vec<ListedNotice> = Vec::new();
        for facts in found {
            let is_open = facts.cause != Cause::NewAddress || living_key(&facts).is_some();
            let about = |facts: &NoticeFacts| (facts.cause, facts.key.as_ref().map(|key| key.id));
            if is_open && notices.iter().all(|listed| about(&listed.facts) != about(&facts)) {
                notices.push(self.listed(actor, facts, now));
            }
        }
        notices.retain(ListedNotice::is_open);
        Ok(RefusalList { notices, is_cut })
    }

    /// How many notices the actor has not read; 0 if the store fails, because the number stands on every page.
    pub async fn count_unread(&self, actor: &Actor) -> u32 {
        let unread = self.store.count_unread_notices(actor.user).await;
        unread.map_or(0, |unread| u32::try_from(unread).unwrap_or(u32::MAX))
    }

    /// Marks all notices of the actor as read.
    pub async fn read_all(&self, actor: &Proved<'_>) -> Result<(), Refusal> {
        let read =
            self.store.read_all_notices(actor.user, self.clock.now(), Some(actor.session()?.number)).await;
        read.map_err(store_trouble)
    }

    /// Authorises an address or a network that a notice of the actor names, for the key of the notice.
    pub async fn authorise(
        &self,
        keys: &Keys,
        actor: &Actor,
        notice: i64,
        address: &str,
    ) -> Result<(), Refusal> {
        let found = self.find_place(actor, notice, address).await?;
        let (id, network) = (found.key.id.to_string(), found.network.to_string());
        let done = keys.authorise_address(actor.may_manage()?, &id, &network).await;
        match done {
            // A second click wants what the first has done.
            Err(error) if error.problem_of(Field::Address) == Some(&Problem::AlreadyListed) => {}
            done => done?,
        }
        self.mark_read(actor, notice).await;
        Ok(())
    }

    /// Ignores an address of a notice: later refusals of its key from there make no notice. Of a network, the addresses
    /// that the notice names are ignored.
    pub async fn ignore(&self, actor: &Proved<'_>, notice: i64, address: &str) -> Result<(), Refusal> {
        let found = self.find_place(actor, notice, address).await?;
        for address in found.named {
            let audit = actor.audit(self.clock.now(), Action::AddressIgnored, address.to_string());
            self.store.ignore_address(found.key.id, address, IGNORED, audit).await.map_err(store_trouble)?;
        }
        self.mark_read(actor, notice).await;
        Ok(())
    }

    /// Marks a notice on which the actor acted as read; if that fails, it stays unread.
    async fn mark_read(&self, actor: &Actor, notice: i64) {
        // Nothing that a key asks for reads a notice.
        let Ok(session) = actor.session() else { return };
        let (notices, now) = (vec![NoticeNumber(notice)], self.clock.now());
        let read = self.store.read_notices(actor.user, notices, now, Some(session.number)).await;
        if let Err(error) = read {
            tracing::debug!(%error, "a notice could not be marked as read");
        }
    }

    fn listed(&self, actor: &Actor, facts: NoticeFacts, now: Micros) -> ListedNotice {
        let alive = living_key(&facts).and_then(|key| self.index.find(&key.token_hash));
        let may_act = alive.is_some() && actor.may_manage().is_ok();
        ListedNotice { places: self.places(alive.as_ref(), &facts, now), may_act, facts }
    }

    /// The places of a notice. Where the named addresses of a network were all authorised one by one, they are listed
    /// alone: nothing is left to do, and the network as a whole is not authorised.
    fn places(&self, key: Option<&KeyEntry>, facts: &NoticeFacts, now: Micros) -> Vec<ListedPlace> {
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

    fn passes(&self, key: &KeyEntry, address: Address, now: Micros) -> bool {
        self.index.judge(key, address, now).is_ok()
    }

    /// Finds the living key of a notice and a place that the notice names, if the actor may decide about both.
    async fn find_place(&self, actor: &Actor, notice: i64, place: &str) -> Result<FoundPlace, Refusal> {
        actor.may_manage()?;
        let network = Network::parse(place).map_err(|_| Refusal::NotFound)?;
        let facts = self.store.find_notice(NoticeNumber(notice)).await.map_err(store_trouble)?;
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

/// A place of a notice that is decided about.
struct FoundPlace {
    key: NoticeKey,
    network: Network,
    /// The addresses of the notice that lie in it.
    named: Vec<Address>,
}

fn living_key(facts: &NoticeFacts) -> Option<&NoticeKey> {
    facts.key.as_ref().filter(|key| key.deleted_at.is_none())
}
