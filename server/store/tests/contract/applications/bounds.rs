//! What bounds requests of applications and guesses at their codes, and what is forgotten.

use super::{END, HERE, LIMITS, THERE, asked, guesser};
use crate::bench::OwnerBench;
use crate::engines::{Engine, for_each_engine};
use crate::*;
use domain::application::{DeviceCodeHash, GuessLimits, Poll};
use store::{KeyScope, NewApplication, StoreError, Tried};

async fn open_requests_are_bounded_by_source_and_in_all(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    let ask = async |number, from| bench.store.insert_application(asked(number, from), LIMITS).await;
    for number in [1, 2] {
        assert_eq!(ask(number, Some("2001:db8::1")).await, Ok(()));
    }
    assert_eq!(ask(3, Some("2001:db8::2")).await, Err(StoreError::LimitReached), "the same /64");
    for number in [3, 4, 5] {
        assert_eq!(ask(number, None).await, Ok(()));
    }
    assert_eq!(ask(6, None).await, Err(StoreError::LimitReached), "the unknown have a limit of their own");
    assert_eq!(ask(6, Some(THERE)).await, Err(StoreError::Overloaded));
    let line = audit_of(bench.owner, 8, Action::ApplicationRefused);
    bench.store.refuse_application(DeviceCodeHash([1; 32]), line).await.unwrap();
    assert_eq!(ask(6, Some(THERE)).await, Ok(()), "what is decided is open no more");
    let later = NewApplication { at: Micros(END), expires_at: Micros(2 * END), ..asked(7, None) };
    assert_eq!(bench.store.insert_application(later, LIMITS).await, Ok(()), "neither is what has ended");
}

async fn wrong_codes_are_counted_by_session_by_address_and_in_all(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.ask(1).await;
    let wrong = async |session, from: &str, at| bench.tried(200, guesser(session, from, at)).await;
    for _ in 0..GuessLimits::SESSION {
        assert!(wrong(1, HERE, 10).await == Tried::Unknown);
    }
    let too_many = Tried::TooMany { retry_after_seconds: 600 };
    assert!(wrong(1, "192.0.2.11", 10).await == too_many, "wherever the session is");
    assert!(bench.tried(1, guesser(1, HERE, 10)).await == too_many, "a right one is not looked up either");
    for session in [2, 3] {
        for _ in 0..GuessLimits::SESSION {
            assert!(wrong(session, HERE, 11).await == Tried::Unknown);
        }
    }
    assert!(wrong(4, HERE, 11).await == too_many, "the address, with a fresh session");
    assert!(matches!(bench.tried(1, guesser(4, THERE, 11)).await, Tried::Found(_)));
    let mut session = 100;
    let (per_address, mut tried) = (GuessLimits::ADDRESS, GuessLimits::ADDRESS);
    while tried < GuessLimits::ALL {
        session += 1;
        let from = format!("10.0.{}.1", (tried / per_address) % 250);
        for _ in 0..GuessLimits::SESSION.min(GuessLimits::ALL - tried) {
            assert!(wrong(session, &from, 12).await == Tried::Unknown, "{tried}");
            tried += 1;
        }
    }
    assert!(bench.tried(1, guesser(9_000, "203.0.113.1", 12)).await == too_many, "in all");
    let over = 600 * Micros::SECOND + 10;
    assert!(bench.tried(200, guesser(9_000, "203.0.113.1", over)).await == Tried::Unknown, "after a while");
}

async fn addresses_of_keys_are_those_they_pass_from(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    let store = &bench.store;
    for (hash, number) in [(1, "10.0.0.1"), (2, "2001:db8:1:2::7")] {
        let new = key(bench.owner, KeyType::Default, hash);
        let id = new.id;
        store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
        store.bind_first_address(id, address(number), Micros(6)).await.unwrap();
        let network = domain::address::Network::parse("198.51.100.0/24").unwrap();
        store.insert_network(id, network, 10, audit(6, Action::AddressAdded)).await.unwrap();
    }
    let other = store.insert_user(user("other", None), audit(1, Action::UserAdded)).await.unwrap();
    for (text, expected) in [
        ("10.0.0.1", true),
        ("10.0.0.2", false),
        ("2001:db8:1:2::7", true),
        ("2001:db8:1:2::8", true),
        ("2001:db8:1:3::7", false),
        (THERE, true),
        ("198.51.101.24", false),
    ] {
        for scope in [KeyScope::Account(bench.owner), KeyScope::User(bench.owner)] {
            assert_eq!(store.is_address_of_keys(scope, address(text)).await, Ok(expected), "{text}");
        }
        assert_eq!(store.is_address_of_keys(KeyScope::Account(other), address(text)).await, Ok(false));
    }
}

async fn what_ended_is_forgotten_and_what_has_a_key_is_kept(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    for number in [1, 2] {
        bench.ask(number).await;
    }
    bench.approve(1, bench.owner, 8).await.unwrap();
    let forget = |ended, now| bench.store.forget_applications(Micros(ended), Micros(now));
    assert_eq!(forget(END - 1, END - 1).await, Ok(0));
    assert_eq!(forget(END, END).await, Ok(2), "a request, and the token of the other");
    assert_eq!(forget(END, END).await, Ok(0));
    assert_eq!(bench.fetch(2, END).await, Err(StoreError::NotFound));
    assert_eq!(bench.poll(1, END).await, Poll::Expired);
    assert_eq!(bench.store.count_applications(KeyScope::User(bench.owner)).await, Ok(1));
}

for_each_engine!(
    open_requests_are_bounded_by_source_and_in_all,
    wrong_codes_are_counted_by_session_by_address_and_in_all,
    addresses_of_keys_are_those_they_pass_from,
    what_ended_is_forgotten_and_what_has_a_key_is_kept
);
