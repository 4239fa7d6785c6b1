//! Sub-users, and invitations to become one.

use super::bench::{Bench, OwnerBench};
use super::engines::{Engine, for_each_engine};
use super::*;
use domain::address::Network;
use domain::ids::SessionNumber;
use store::{Acceptance, Asker, InvitationHash, KeySearch, NewInvitation, NewMail, Removal, StoreError};

fn hash(n: u8) -> InvitationHash {
    InvitationHash([n; 32])
}

impl OwnerBench {
    /// Invites somebody from 10 until 100, of at most two at a time.
    async fn invite(&self, n: u8, invited: &str) -> Result<(), StoreError> {
        let invitation = NewInvitation {
            hash: hash(n),
            owner: self.owner,
            username: name(invited),
            email: Some("s@example.com".into()),
            role: Role::ReadsOnly,
            at: Micros(10),
            expires_at: Micros(100),
        };
        let letter = NewMail { user: None, payload: vec![n], due_at: Micros(10) };
        self.store.insert_invitation(invitation, 2, Some(letter), audit(10, Action::SubUserInvited)).await
    }

    async fn accept(&self, n: u8, at: i64) -> Result<UserNumber, StoreError> {
        let acceptance = Acceptance {
            hash: hash(n),
            password_hash: "h".into(),
            added: audit(at, Action::UserAdded),
            accepted: audit(at, Action::InvitationAccepted),
        };
        self.store.accept_invitation(acceptance).await
    }

    async fn is_open(&self, n: u8, at: i64) -> bool {
        self.store.find_invitation(hash(n), Micros(at)).await.unwrap().is_some()
    }
}

async fn an_invitation_needs_a_free_name_and_room(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    assert_eq!(bench.invite(1, "O").await, Err(StoreError::Conflict), "the name of a user");
    bench.invite(2, "sub").await.unwrap();
    assert_eq!(bench.invite(3, "SUB").await, Err(StoreError::Conflict), "the name of an invitation");
    bench.invite(4, "other").await.unwrap();
    assert_eq!(bench.invite(5, "third").await, Err(StoreError::LimitReached));
    assert_eq!(bench.store.count_mails().await, Ok(2), "what failed queues no letter");
    let listed = bench.store.list_invitations(bench.owner, Micros(50)).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.username.as_str()).collect::<Vec<_>>(), ["other", "sub"]);
    let line = || audit(20, Action::InvitationWithdrawn);
    bench.store.delete_invitation(bench.owner, &name("OTHER"), line()).await.unwrap();
    let gone = bench.store.delete_invitation(bench.owner, &name("other"), line()).await;
    assert_eq!(gone, Err(StoreError::NotFound));
    bench.invite(5, "third").await.unwrap();
}

async fn an_invitation_is_open_until_its_end_for_an_owner_who_may_act(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.invite(1, "sub").await.unwrap();
    assert!(bench.is_open(1, 99).await && !bench.is_open(1, 100).await && !bench.is_open(2, 99).await);
    assert_eq!(bench.accept(1, 100).await, Err(StoreError::NotFound));
    let disable = async |off| {
        bench.store.set_user_disabled(bench.owner, off, audit(20, Action::UserDisabled)).await.unwrap();
    };
    disable(true).await;
    assert!(!bench.is_open(1, 99).await);
    assert_eq!(bench.accept(1, 99).await, Err(StoreError::NotFound));
    disable(false).await;
    assert!(bench.is_open(1, 99).await, "what failed did not close it");
    bench.store.insert_user(user("Sub", None), audit(1, Action::UserAdded)).await.unwrap();
    assert!(!bench.is_open(1, 99).await, "its name was taken meanwhile");
    assert_eq!(bench.accept(1, 99).await, Err(StoreError::Conflict));
}

async fn an_invitation_is_accepted_once_and_makes_a_sub_user(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.invite(1, "sub").await.unwrap();
    let number = bench.accept(1, 50).await.unwrap();
    assert_eq!(bench.told.take(), [format!("user {} sub", number.0)]);
    assert_eq!(bench.accept(1, 51).await, Err(StoreError::NotFound));
    let row = bench.store.find_user(&name("sub")).await.unwrap().unwrap();
    assert_eq!((row.owner, row.role, row.email_confirmed), (Some(bench.owner), Role::ReadsOnly, false));
    assert_eq!(bench.store.count_sub_users(bench.owner).await, Ok(1));
    bench.store.set_role(number, Role::ManagesKeys, audit(60, Action::RoleChanged)).await.unwrap();
    let listed = bench.store.list_sub_users(bench.owner, 0, 9).await.unwrap();
    assert_eq!(
        listed.iter().map(|row| (row.number, row.role)).collect::<Vec<_>>(),
        [(number, Role::ManagesKeys)]
    );
    assert!(bench.store.list_sub_users(bench.owner, 1, 9).await.unwrap().is_empty());
    let missing = bench.store.set_role(UserNumber(99), Role::ReadsOnly, audit(60, Action::RoleChanged)).await;
    assert_eq!(missing, Err(StoreError::NotFound));
}

async fn a_renewed_invitation_has_another_link_and_another_end(engine: Engine) {
    let bench = OwnerBench::open(engine).await;
    bench.invite(1, "sub").await.unwrap();
    let renew = async |n: u8, at: i64, owner: UserNumber, invited: &str| {
        let invitation = NewInvitation {
            hash: hash(n),
            owner,
            username: name(invited),
            email: None,
            role: Role::ManagesKeys,
            at: Micros(at),
            expires_at: Micros(at + 90),
        };
        let letter = NewMail { user: None, payload: vec![n], due_at: Micros(at) };
        bench.store.renew_invitation(invitation, Some(letter), audit(at, Action::SubUserInvited)).await
    };
    renew(2, 50, bench.owner, "SUB").await.unwrap();
    assert!(!bench.is_open(1, 60).await && bench.is_open(2, 139).await && !bench.is_open(2, 140).await);
    let row = bench.store.find_invitation(hash(2), Micros(60)).await.unwrap().unwrap();
    assert_eq!((row.email.as_deref(), row.role), (Some("s@example.com"), Role::ReadsOnly), "for whom it was");
    assert_eq!(bench.store.count_mails().await, Ok(2));
    for (at, owner, invited) in
        [(60, bench.owner, "other"), (60, UserNumber(99), "sub"), (140, bench.owner, "sub")]
    {
        assert_eq!(renew(3, at, owner, invited).await, Err(StoreError::NotFound), "{at} {invited}");
    }
    assert_eq!(bench.store.count_mails().await, Ok(2), "what failed queues no letter");
}

/// A removal of the sub-user of a bench, by the owner.
fn removal(bench: &Bench, at: i64, asker: Option<Asker>) -> Removal {
    let letter = NewMail { user: None, payload: vec![1], due_at: Micros(at) };
    let line = Audit { asker, detail: "s".into(), ..audit_of(bench.owner, at, Action::SubUserRemoved) };
    Removal { user: bench.sub, letter: Some(letter), audit: line }
}

async fn a_removed_sub_user_is_gone_with_their_keys(engine: Engine) {
    let bench = Bench::open(engine).await;
    let store = &bench.store;
    let earlier = key(bench.sub, KeyType::Cloud, 2);
    let earlier_id = earlier.id;
    store.insert_key(earlier, audit_of(bench.sub, 6, Action::KeyGenerated)).await.unwrap();
    store.delete_key(earlier_id, audit_of(bench.sub, 20, Action::KeyDeleted)).await.unwrap();
    store
        .insert_key(key(bench.owner, KeyType::Cloud, 3), audit_of(bench.owner, 7, Action::KeyGenerated))
        .await
        .unwrap();
    store
        .insert_network(bench.id, Network::parse("10.0.0.0/8").unwrap(), 9, audit(8, Action::AddressAdded))
        .await
        .unwrap();
    bench.told.take();
    // At the time at which another key was deleted: that one has its line already.
    assert_eq!(store.remove_sub_user(removal(&bench, 20, None)).await, Ok(1));
    let number = bench.told.number(bench.id).0;
    assert_eq!(bench.told.take(), [format!("key {number} deleted"), format!("user {} removed", bench.sub.0)]);
    assert!(store.find_user(&name("s")).await.unwrap().is_none());
    assert_eq!(store.count_sub_users(bench.owner).await, Ok(0));
    assert!(store.list_sub_users(bench.owner, 0, 9).await.unwrap().is_empty());
    assert_eq!((store.count_users().await, store.list_users().await.unwrap().len()), (Ok(1), 1));
    assert!(store.find_key(KeyScope::Account(bench.owner), bench.id).await.unwrap().is_none());
    assert_eq!(store.find_any_key(bench.id).await.unwrap().unwrap().deleted_at, Some(Micros(20)));
    assert_eq!(store.count_mails().await, Ok(1), "the letter to them");
    let account = HistoryFilter::all(KeyScope::Account(bench.owner));
    let lines = async |filter| store.list_history(filter, HistoryFrom::Skipping(0), 9).await.unwrap();
    assert_eq!(lines(account).await[0].action, "sub_user_removed");
    let deleted = lines(HistoryFilter { action: Some(Action::KeyDeleted), ..account }).await;
    let deleted: Vec<_> =
        deleted.into_iter().map(|line| (line.user.to_string(), line.key.unwrap().id)).collect();
    assert_eq!(deleted, [("s".to_owned(), bench.id), ("s".to_owned(), earlier_id)]);
    for user in [bench.sub, bench.owner] {
        let again = Removal { user, ..removal(&bench, 21, None) };
        assert_eq!(store.remove_sub_user(again).await, Err(StoreError::NotFound), "no sub-user (any more)");
    }
    let enabled =
        store.set_user_disabled(bench.sub, false, audit_of(bench.sub, 22, Action::UserEnabled)).await;
    assert_eq!(enabled, Err(StoreError::NotFound));
}

async fn the_name_of_a_removed_sub_user_is_free(engine: Engine) {
    let bench = Bench::open(engine).await;
    let store = &bench.store;
    store.remove_sub_user(removal(&bench, 20, None)).await.unwrap();
    let found = async || store.find_account_user(bench.owner, &name("S")).await.unwrap();
    assert_eq!(found().await, Some(bench.sub), "the history knows them");
    let other = store.insert_user(user("s", Some(bench.owner)), audit(30, Action::UserAdded)).await.unwrap();
    assert_eq!(found().await, Some(other), "who has the name now");
    assert_eq!(store.find_account_user(bench.owner, &name("s2")).await, Ok(None));
    let removed = Removal { user: other, ..removal(&bench, 40, None) };
    assert_eq!(store.remove_sub_user(removed).await, Ok(0));
}

async fn nothing_is_made_for_a_sub_user_who_was_removed_meanwhile(engine: Engine) {
    let bench = Bench::open(engine).await;
    let store = &bench.store;
    let ended = Some(Asker::Session(SessionNumber(77)));
    let refused = store.remove_sub_user(removal(&bench, 20, ended)).await;
    assert_eq!(refused, Err(StoreError::SignedOut));
    assert!(
        store.find_user(&name("s")).await.unwrap().is_some_and(|user| !user.disabled),
        "all of it was undone"
    );
    assert!(store.find_key(KeyScope::User(bench.sub), bench.id).await.unwrap().is_some());
    // Removals and keys, all at once: whichever comes first, no key of theirs lives on.
    let keys = (10..40).map(|n| {
        let line = audit_of(bench.sub, 25, Action::KeyGenerated);
        store.insert_key(key(bench.sub, KeyType::Cloud, n), line)
    });
    let keys = futures::future::join_all(keys);
    let (removed, made) = futures::future::join(store.remove_sub_user(removal(&bench, 25, None)), keys).await;
    let made_before = made.iter().filter(|made| made.is_ok()).count() as u64;
    assert_eq!(removed, Ok(1 + made_before));
    assert!(made.into_iter().all(|made| made.is_ok() || made == Err(StoreError::NotFound)));
    let late = store
        .insert_key(key(bench.sub, KeyType::Cloud, 50), audit_of(bench.sub, 26, Action::KeyGenerated))
        .await;
    assert_eq!(late, Err(StoreError::NotFound));
    let living = KeySearch { user: Some(bench.sub), living: true, ..KeySearch::default() };
    assert_eq!(store.search_keys(living, 9).await.unwrap().total, 0);
}

for_each_engine!(
    a_renewed_invitation_has_another_link_and_another_end,
    a_removed_sub_user_is_gone_with_their_keys,
    the_name_of_a_removed_sub_user_is_free,
    nothing_is_made_for_a_sub_user_who_was_removed_meanwhile,
    an_invitation_needs_a_free_name_and_room,
    an_invitation_is_open_until_its_end_for_an_owner_who_may_act,
    an_invitation_is_accepted_once_and_makes_a_sub_user
);
