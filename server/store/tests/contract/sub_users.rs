//! Sub-users, and invitations to become one.

use super::bench::OwnerBench;
use super::engines::{Engine, for_each_engine};
use super::*;
use store::{Acceptance, InvitationHash, NewInvitation, NewMail, StoreError};

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

for_each_engine!(
    an_invitation_needs_a_free_name_and_room,
    an_invitation_is_open_until_its_end_for_an_owner_who_may_act,
    an_invitation_is_accepted_once_and_makes_a_sub_user
);
