//! Applications: asked, tried by code, decided once, fetched once.

mod bounds;

use super::bench::OwnerBench;
use super::engines::{Engine, for_each_engine};
use super::*;
use domain::application::{DeviceCodeHash, Poll, UserCodeHash};
use domain::client_address::ClientAddress;
use domain::ids::SessionNumber;
use store::{
    Approval, Fetched, Guesser, KeyScope, NewApplication, OpenLimits, StoreError, Tried, WaitingApplication,
};

const LIMITS: OpenLimits = OpenLimits { of_source: 2, of_unknown: 3, of_all: 5 };
const THERE: &str = "198.51.100.24";
const HERE: &str = "192.0.2.10";
/// When codes end.
const END: i64 = 600 * Micros::SECOND;

fn asked(number: u8, from: Option<&str>) -> NewApplication {
    NewApplication {
        device: DeviceCodeHash([number; 32]),
        user_code: UserCodeHash([number; 32]),
        name: format!("app {number}"),
        icon_url: Some("https://example.com/icon.png".into()),
        return_url: None,
        from: from.map(address).map_or(ClientAddress::Unknown, ClientAddress::Known),
        at: Micros(7),
        expires_at: Micros(END),
        interval_seconds: 5,
    }
}

fn guesser(session: i64, from: &str, at: i64) -> Guesser {
    Guesser { session: SessionNumber(session), address: ClientAddress::Known(address(from)), at: Micros(at) }
}

impl OwnerBench {
    async fn ask(&self, number: u8) {
        self.store.insert_application(asked(number, Some(THERE)), LIMITS).await.unwrap();
    }

    async fn approve(&self, number: u8, of: UserNumber, at: i64) -> Result<KeyId, StoreError> {
        let key = key(of, KeyType::App, number);
        let id = key.id;
        let device = DeviceCodeHash([number; 32]);
        let fetch_until = Micros(at + 60 * Micros::SECOND);
        let approval = Approval { device, key, token_sealed: vec![number], fetch_until };
        let line = |action| audit_of(self.owner, at, action);
        let generated = line(Action::KeyGenerated);
        self.store.approve_application(approval, generated, line(Action::ApplicationApproved)).await?;
        Ok(id)
    }

    async fn fetch(&self, number: u8, at: i64) -> Result<Fetched, StoreError> {
        self.store.fetch_token(DeviceCodeHash([number; 32]), Micros(at)).await
    }

    async fn poll(&self, number: u8, at: i64) -> Poll {
        self.fetch(number, at).await.unwrap().poll
    }

    async fn tried(&self, number: u8, guesser: Guesser) -> Tried {
        self.store.try_user_code(UserCodeHash([number; 32]), guesser).await.unwrap()
    }
}

async fn a_request_is_found_by_either_code_until_it_ends(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.ask(1).await;
    let expected = WaitingApplication {
        device: DeviceCodeHash([1; 32]),
        name: "app 1".into(),
        icon_url: Some("https://example.com/icon.png".into()),
        return_url: None,
        asked_from: ClientAddress::Known(address(THERE)),
        asked_at: Micros(7),
        expires_at: Micros(END),
    };
    let by_code = |at| bench.store.find_application(UserCodeHash([1; 32]), Micros(at));
    let by_device = |at| bench.store.find_application_of_device(DeviceCodeHash([1; 32]), Micros(at));
    assert!(by_code(END - 1).await.unwrap().as_ref() == Some(&expected));
    assert!(by_device(END - 1).await.unwrap().as_ref() == Some(&expected));
    assert!(by_code(END).await.unwrap().is_none() && by_device(END).await.unwrap().is_none());
    assert!(bench.tried(1, guesser(1, HERE, 8)).await == Tried::Found(expected));
    assert!(bench.tried(2, guesser(1, HERE, 8)).await == Tried::Unknown);
    let again = bench.store.insert_application(asked(1, None), LIMITS).await;
    assert_eq!(again, Err(StoreError::Conflict));
}

async fn an_application_is_decided_once(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    let refuse = async |number: u8, at| {
        let line = audit_of(bench.owner, at, Action::ApplicationRefused);
        bench.store.refuse_application(DeviceCodeHash([number; 32]), line).await
    };
    for number in [1, 2] {
        bench.ask(number).await;
    }
    bench.approve(1, bench.owner, 8).await.unwrap();
    assert_eq!(bench.told.take().len(), 1, "the index learns of the key");
    assert_eq!(bench.approve(1, bench.owner, 8).await, Err(StoreError::NotFound));
    assert_eq!(refuse(1, 8).await, Err(StoreError::NotFound));
    assert_eq!(refuse(2, 8).await, Ok(()));
    assert_eq!(refuse(2, 8).await, Err(StoreError::NotFound));
    assert_eq!(bench.approve(2, bench.owner, 8).await, Err(StoreError::NotFound));
    assert!(bench.told.take().is_empty(), "and of no other");
    let lines = bench.store.list_audit(10).await.unwrap();
    let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["application_refused", "application_approved", "key_generated", "user_added"]);
    assert!(bench.tried(1, guesser(1, HERE, 9)).await == Tried::Unknown, "its code is used up");
    bench
        .store
        .insert_application(NewApplication { device: DeviceCodeHash([9; 32]), ..asked(1, None) }, LIMITS)
        .await
        .unwrap();
}

async fn a_request_that_ended_is_not_decided(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.ask(1).await;
    assert_eq!(bench.approve(1, bench.owner, END).await, Err(StoreError::NotFound));
    let line = audit_of(bench.owner, END, Action::ApplicationRefused);
    let refused = bench.store.refuse_application(DeviceCodeHash([1; 32]), line).await;
    assert_eq!(refused, Err(StoreError::NotFound));
    assert!(bench.told.take().is_empty());
}

async fn a_key_that_cannot_be_made_leaves_the_request_open(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    for number in [1, 2] {
        bench.ask(number).await;
    }
    bench.approve(1, bench.owner, 8).await.unwrap();
    let full = NewKey { most: Some(1), ..key(bench.owner, KeyType::App, 2) };
    let approval = Approval {
        device: DeviceCodeHash([2; 32]),
        key: full,
        token_sealed: vec![2],
        fetch_until: Micros(9),
    };
    let line = |action| audit_of(bench.owner, 9, action);
    let refused = bench
        .store
        .approve_application(approval, line(Action::KeyGenerated), line(Action::ApplicationApproved))
        .await;
    assert_eq!(refused, Err(StoreError::LimitReached));
    assert_eq!(bench.poll(2, 9).await, Poll::Pending);
    bench.approve(2, bench.owner, 9).await.unwrap();
}

async fn an_application_is_answered_by_how_far_it_has_come(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    let second = Micros::SECOND;
    for number in [1, 2] {
        bench.ask(number).await;
    }
    assert_eq!(bench.fetch(3, 8).await, Err(StoreError::NotFound));
    assert_eq!(bench.poll(1, 8).await, Poll::Pending);
    assert_eq!(bench.poll(1, 8 + second).await, Poll::SlowDown { interval_seconds: 10 });
    for at in [0, 1, second - 1] {
        let poll = bench.poll(1, 8 + second + at).await;
        assert!(matches!(poll, Poll::SlowDown { .. }), "what floods is not noted");
    }
    assert_eq!(
        bench.poll(1, 8 + 7 * second).await,
        Poll::SlowDown { interval_seconds: 15 },
        "ten seconds now"
    );
    assert_eq!(bench.poll(1, 8 + 22 * second).await, Poll::Pending);
    let line = audit_of(bench.owner, 9, Action::ApplicationRefused);
    bench.store.refuse_application(DeviceCodeHash([2; 32]), line).await.unwrap();
    assert_eq!(bench.poll(2, 9).await, Poll::Denied);
    let id = bench.approve(1, bench.owner, END - 1).await.unwrap();
    let fetched = bench.fetch(1, END + 59 * second).await.unwrap();
    let expected = Fetched { poll: Poll::Fetch, token_sealed: Some(vec![1]) };
    assert_eq!(fetched, expected, "approved at the last moment, it can be fetched a while longer");
    assert_eq!(bench.poll(1, END + 59 * second).await, Poll::Used);
    let scope = KeyScope::User(bench.owner);
    let listed = bench.store.list_applications(scope, 0, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].key, listed[0].fetched_at), (id, Some(Micros(END + 59 * second))));
}

async fn a_deleted_key_is_not_handed_over(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.ask(1).await;
    let id = bench.approve(1, bench.owner, 8).await.unwrap();
    bench.store.delete_key(id, audit(9, Action::KeyDeleted)).await.unwrap();
    let denied = Fetched { poll: Poll::Denied, token_sealed: None };
    assert_eq!(bench.fetch(1, 10).await, Ok(denied));
}

async fn of_many_who_fetch_at_once_one_gets_the_token(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.ask(1).await;
    bench.approve(1, bench.owner, 8).await.unwrap();
    let all = futures::future::join_all((0..20).map(|_| bench.fetch(1, 9))).await;
    let got = all.into_iter().filter(|fetched| fetched.as_ref().unwrap().token_sealed.is_some()).count();
    assert_eq!(got, 1);
}

async fn the_list_shows_each_scope_what_is_its_own(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    let (store, owner) = (&bench.store, bench.owner);
    let sub = store.insert_user(user("sub", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    let other = store.insert_user(user("other", None), audit(1, Action::UserAdded)).await.unwrap();
    let mut ids = Vec::new();
    for (number, of) in [(1, owner), (2, sub)] {
        bench.ask(number).await;
        ids.push(bench.approve(number, of, 8 + i64::from(number)).await.unwrap());
    }
    let names = async |scope| {
        let listed = store.list_applications(scope, 0, 10).await.unwrap();
        assert_eq!(store.count_applications(scope).await.unwrap(), listed.len() as u64);
        listed.into_iter().map(|row| (row.name, row.username.to_string())).collect::<Vec<_>>()
    };
    let [first, second] = [("app 1", "o"), ("app 2", "sub")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(names(KeyScope::Account(owner)).await, [second.clone(), first.clone()], "newest first");
    assert_eq!(names(KeyScope::User(owner)).await, [first]);
    assert_eq!(names(KeyScope::User(sub)).await, std::slice::from_ref(&second));
    assert_eq!(names(KeyScope::Account(other)).await, []);
    assert_eq!(store.list_applications(KeyScope::Account(owner), 1, 1).await.unwrap()[0].key, ids[0]);
    store.delete_key(ids[0], audit(20, Action::KeyDeleted)).await.unwrap();
    assert_eq!(names(KeyScope::Account(owner)).await, [second], "without its key it is in no more");
}

for_each_engine!(
    a_request_is_found_by_either_code_until_it_ends,
    an_application_is_decided_once,
    a_request_that_ended_is_not_decided,
    a_key_that_cannot_be_made_leaves_the_request_open,
    an_application_is_answered_by_how_far_it_has_come,
    a_deleted_key_is_not_handed_over,
    of_many_who_fetch_at_once_one_gets_the_token,
    the_list_shows_each_scope_what_is_its_own
);
