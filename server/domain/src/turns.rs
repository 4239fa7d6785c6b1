//! Turns at work that is slow and that few can do at a time, such as hashing passwords. Sources take turns one after the
//! other, and a user has one turn at a time. How many requests wait is bounded in all, per source and per user.
//!
//! When the waiting room is full, the source with most requests in it loses its last one. A newcomer is refused only if no
//! source has more waiting than the newcomer's own.
//!
//! Pure data without locks or waiting; the caller wakes the requests whose tickets are returned.

use super::address::Address;
use super::client_address::ClientAddress;
use std::collections::{HashMap, VecDeque};

/// The source of a request that wants a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The operator's shell.
    Operator,
    /// A source whose address cannot be told: all of them are one.
    Unknown,
    /// An address; for IPv6 its /64.
    Source(Address),
}

impl Lane {
    /// The lane of a client.
    #[must_use]
    pub fn of(client: ClientAddress) -> Self {
        client.known().map_or(Self::Unknown, |address| Self::Source(address.source()))
    }

    /// The /48 of an IPv6 address, which one customer of a network may hold whole.
    fn site(self) -> Option<Address> {
        match self {
            Self::Source(address) => address.site(),
            Self::Operator | Self::Unknown => None,
        }
    }
}

/// A request that wants a turn.
#[derive(Clone, Debug)]
pub struct Claim {
    /// From where.
    pub lane: Lane,
    /// For whom, by the name as it is compared, whether there is such a user or not; none: a user yet to be made.
    pub user: Option<String>,
}

/// How many may be at work, and how many may wait.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Turns at a time.
    pub turns: usize,
    /// Requests that wait in all.
    pub waiting: usize,
    /// Requests that wait from one source.
    pub of_source: usize,
    /// Requests that wait from one /48 of IPv6.
    pub of_site: usize,
    /// Requests that wait for one user.
    pub of_user: usize,
}

/// The number of a request that waits or is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// There is no room to wait; it can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

struct Waiting {
    ticket: Ticket,
    user: Option<String>,
}

/// The requests that wait and those that are at work.
pub struct Turns {
    room: Room,
    issued: u64,
    /// The requests that wait, lane by lane in the order of their next turns; no lane is empty.
    lanes: VecDeque<(Lane, VecDeque<Waiting>)>,
    /// Those at work, and for whom.
    working: HashMap<Ticket, Option<String>>,
}

impl Turns {
    /// Nobody waits.
    #[must_use]
    pub fn new(room: Room) -> Self {
        Self { room, issued: 0, lanes: VecDeque::new(), working: HashMap::new() }
    }

    /// Lets a request wait. Returns its ticket, and the ticket of the request that lost its place, if one did.
    ///
    /// # Errors
    /// There is no room.
    pub fn join(&mut self, claim: Claim) -> Result<(Ticket, Option<Ticket>), NoRoom> {
        let Claim { lane, user } = claim;
        let from_here = self.count(|other, _| other == lane);
        let from_site = lane.site().map_or(0, |site| self.count(|other, _| other.site() == Some(site)));
        let for_user = match &user {
            Some(user) => self.count(|_, waiting| waiting.user.as_ref() == Some(user)),
            None => 0,
        };
        let room = self.room;
        // Requests of unknown sources cannot be told apart: together they may fill the room, and they make room first.
        let share = if lane == Lane::Unknown { room.waiting } else { room.of_source };
        if from_here >= share || from_site >= room.of_site || for_user >= room.of_user {
            return Err(NoRoom);
        }
        let gone =
            if self.count(|_, _| true) >= room.waiting { Some(self.make_room(from_here)?) } else { None };
        self.issued += 1;
        let ticket = Ticket(self.issued);
        let waiting = Waiting { ticket, user };
        match self.lanes.iter_mut().find(|(other, _)| *other == lane) {
            Some((_, queue)) => queue.push_back(waiting),
            None => self.lanes.push_back((lane, VecDeque::from([waiting]))),
        }
        Ok((ticket, gone))
    }

    /// Begins the next turn, if there is one to begin: that of the first request of the lane that waited longest whose user
    /// has no turn already.
    pub fn begin(&mut self) -> Option<Ticket> {
        if self.working.len() >= self.room.turns {
            return None;
        }
        let (at, place) = self.lanes.iter().enumerate().find_map(|(at, (_, queue))| {
            let place = queue.iter().position(|waiting| self.is_free(waiting.user.as_deref()))?;
            Some((at, place))
        })?;
        let (lane, mut queue) = self.lanes.remove(at)?;
        let next = queue.remove(place);
        if !queue.is_empty() {
            self.lanes.push_back((lane, queue));
        }
        let Waiting { ticket, user } = next?;
        self.working.insert(ticket, user);
        Some(ticket)
    }

    /// Ends a turn, or the wait for one.
    pub fn leave(&mut self, ticket: Ticket) {
        if self.working.remove(&ticket).is_none() {
            self.take_out(ticket);
        }
    }

    fn is_free(&self, user: Option<&str>) -> bool {
        user.is_none_or(|user| !self.working.values().any(|other| other.as_deref() == Some(user)))
    }

    fn count(&self, which: impl Fn(Lane, &Waiting) -> bool) -> usize {
        let lanes = self.lanes.iter();
        lanes.map(|(lane, queue)| queue.iter().filter(|waiting| which(*lane, waiting)).count()).sum()
    }

    /// Takes the last request out of the longest lane, if that one is longer than the newcomer's lane would be.
    fn make_room(&mut self, from_here: usize) -> Result<Ticket, NoRoom> {
        let fullest = self.lanes.iter().max_by_key(|(_, queue)| queue.len());
        let last =
            fullest.filter(|(_, queue)| queue.len() > from_here + 1).and_then(|(_, queue)| queue.back());
        let ticket = last.ok_or(NoRoom)?.ticket;
        self.take_out(ticket);
        Ok(ticket)
    }

    fn take_out(&mut self, ticket: Ticket) {
        for (_, queue) in &mut self.lanes {
            queue.retain(|waiting| waiting.ticket != ticket);
        }
        self.lanes.retain(|(_, queue)| !queue.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { turns: 1, waiting: 8, of_source: 6, of_site: 7, of_user: 3 };

    fn claim(address: &str, user: &str) -> Claim {
        let user = (!user.is_empty()).then(|| user.to_owned());
        Claim { lane: Lane::of(Address::parse(address).unwrap().into()), user }
    }

    fn join(turns: &mut Turns, address: &str, user: &str) -> Ticket {
        turns.join(claim(address, user)).unwrap().0
    }

    #[test]
    fn sources_take_turns() {
        let mut turns = Turns::new(ROOM);
        let flood: Vec<_> = (0..5).map(|n| join(&mut turns, "203.0.113.7", &format!("u{n}"))).collect();
        assert_eq!(turns.begin(), Some(flood[0]));
        let other = join(&mut turns, "203.0.113.8", "other");
        assert_eq!(turns.begin(), None, "one at a time");
        turns.leave(flood[0]);
        assert_eq!(turns.begin(), Some(flood[1]), "its lane waited longer");
        turns.leave(flood[1]);
        assert_eq!(turns.begin(), Some(other), "then the other's, before all the rest of the flood");
        turns.leave(other);
        turns.leave(flood[2]);
        assert_eq!(turns.begin(), Some(flood[3]), "who gave up is passed over");
    }

    #[test]
    fn a_user_has_one_turn_at_a_time_and_few_who_wait() {
        let mut turns = Turns::new(Room { turns: 4, ..ROOM });
        let first = join(&mut turns, "203.0.113.7", "demo");
        let second = join(&mut turns, "203.0.113.8", "demo");
        let other = join(&mut turns, "203.0.113.8", "other");
        assert_eq!((turns.begin(), turns.begin(), turns.begin()), (Some(first), Some(other), None));
        for source in 1..3 {
            join(&mut turns, &format!("198.51.100.{source}"), "demo");
        }
        assert_eq!(turns.join(claim("198.51.100.9", "demo")).err(), Some(NoRoom));
        turns.leave(first);
        assert_eq!(turns.begin(), Some(second));
        let unmade = [join(&mut turns, "192.0.2.1", ""), join(&mut turns, "192.0.2.1", "")];
        assert_eq!([turns.begin(), turns.begin()], unmade.map(Some), "those are nobody yet");
    }

    #[test]
    fn whoever_takes_most_of_a_full_room_makes_room() {
        let mut turns = Turns::new(ROOM);
        let flood: Vec<_> = (0..6).map(|n| join(&mut turns, "203.0.113.7", &format!("u{n}"))).collect();
        assert_eq!(turns.join(claim("203.0.113.7", "more")).err(), Some(NoRoom), "its own share");
        for source in 1..=2 {
            assert_eq!(turns.join(claim(&format!("198.51.100.{source}"), "x")).unwrap().1, None);
        }
        let (newcomer, gone) = turns.join(claim("198.51.100.3", "y")).unwrap();
        assert_eq!(gone, Some(flood[5]));
        let begun: Vec<_> = std::iter::from_fn(|| {
            let ticket = turns.begin()?;
            turns.leave(ticket);
            Some(ticket)
        })
        .collect();
        assert_eq!(begun.len(), 8);
        assert!(begun.contains(&newcomer) && !begun.contains(&flood[5]));
        for source in 1..=8 {
            join(&mut turns, &format!("198.51.100.{source}"), "");
        }
        assert_eq!(turns.join(claim("198.51.100.9", "")).err(), Some(NoRoom), "nobody has more than its own");
    }

    #[test]
    fn those_who_cannot_be_told_apart_share_the_room_and_make_room() {
        let mut turns = Turns::new(ROOM);
        let unknown = || Claim { lane: Lane::of(ClientAddress::Unknown), user: None };
        for _ in 0..8 {
            turns.join(unknown()).unwrap();
        }
        assert_eq!(turns.join(unknown()).err(), Some(NoRoom));
        assert!(turns.join(claim("203.0.113.7", "")).unwrap().1.is_some());
    }

    #[test]
    fn a_48_of_ipv6_has_a_share_too() {
        let mut turns = Turns::new(Room { of_user: 100, ..ROOM });
        for network in 0..7 {
            join(&mut turns, &format!("2001:db8:1:{network}::1"), "");
        }
        assert_eq!(turns.join(claim("2001:db8:1:99::1", "")).err(), Some(NoRoom));
        assert!(turns.join(claim("2001:db8:2:1::1", "")).is_ok());
    }
}
