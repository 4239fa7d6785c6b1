use super::*;
use domain::share::ShareRule;

const SHARES: Shares = Shares { all: 100, strangers: 60, source: 10, site: 20, unknown: 30 };

fn at(address: &str) -> Requester {
    Requester { is_vouched_for: false, client: Client::At(Address::parse(address).unwrap()) }
}

/// Takes as many as can be had; returns how many, and why there is no place for more.
fn fill(sources: &Sources, requester: Requester, held: &mut Vec<Held>) -> (usize, NoPlace) {
    let before = held.len();
    loop {
        match sources.acquire(&sources.account(requester), Pool::Connections, &SHARES) {
            Ok(place) => held.push(place),
            Err(no_place) => return (held.len() - before, no_place),
        }
    }
}

#[test]
fn one_source_has_its_share_and_strangers_have_theirs() {
    let (sources, mut held) = (Sources::default(), Vec::new());
    for last in 1..=5 {
        let requester = at(&format!("203.0.113.{last}"));
        assert_eq!(fill(&sources, requester, &mut held), (10, NoPlace::ForSource));
    }
    assert_eq!(fill(&sources, at("203.0.113.6"), &mut held), (10, NoPlace::ForStrangers));
    assert_eq!(fill(&sources, at("203.0.113.9"), &mut held), (0, NoPlace::ForStrangers));
    // Room that is kept.
    let behind = Requester { is_vouched_for: true, ..at("203.0.113.9") };
    assert_eq!(fill(&sources, behind, &mut held), (10, NoPlace::ForSource));
    let proxy = Requester { is_vouched_for: true, client: Client::Proxy };
    assert_eq!(fill(&sources, proxy, &mut held), (30, NoPlace::AtAll));
    assert_eq!(sources.held(Pool::Connections), 100);
    assert_eq!(sources.over_share(Pool::Connections), 8);
    assert_eq!(sources.held(Pool::Pages), 0, "each pool is counted apart");
    held.clear();
    assert_eq!((sources.held(Pool::Connections), sources.count()), (0, 0), "nothing is left of them");
    assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (10, NoPlace::ForSource));
}

#[test]
fn a_64_of_ipv6_is_one_source_and_a_48_holds_little_more() {
    let (sources, mut held) = (Sources::default(), Vec::new());
    assert_eq!(fill(&sources, at("2001:db8:1:1::1"), &mut held), (10, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("2001:db8:1:1::2"), &mut held), (0, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("2001:db8:1:2::1"), &mut held), (10, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("2001:db8:1:3::1"), &mut held), (0, NoPlace::ForSource), "of the /48");
    assert_eq!(fill(&sources, at("2001:db8:2:1::1"), &mut held), (10, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("::ffff:203.0.113.1"), &mut held), (10, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (0, NoPlace::ForSource), "the same");
    held.clear();
    assert!(sources.near.0.lock().is_empty() && sources.wide.0.lock().is_empty());
}

#[test]
fn all_who_are_unknown_share_one_wide_account() {
    let (sources, mut held) = (Sources::default(), Vec::new());
    let unknown = Requester { is_vouched_for: true, client: Client::Unknown };
    assert_eq!(fill(&sources, unknown, &mut held), (30, NoPlace::ForSource));
    assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (10, NoPlace::ForSource));
}

#[test]
fn no_more_is_held_than_there_is_by_however_many_threads() {
    let sources = Sources::default();
    let shares = ShareRule { source_percent: 50, reserved_percent: 0 }.of(64);
    std::thread::scope(|threads| {
        for n in 0..8_u8 {
            let (sources, shares) = (&sources, &shares);
            threads.spawn(move || {
                for _ in 0..2000 {
                    let account = sources.account(at(&format!("203.0.113.{}", n / 4)));
                    let held = sources.acquire(&account, Pool::Pages, shares);
                    let taken = account.levels.iter().flatten().last().unwrap().1.held[Pool::Pages as usize]
                        .load(Ordering::Relaxed);
                    assert!(taken <= shares.source && sources.held(Pool::Pages) <= shares.all);
                    drop(held);
                }
            });
        }
    });
    assert_eq!((sources.held(Pool::Pages), sources.count()), (0, 0));
}
