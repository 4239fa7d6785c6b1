//! Webhooks, and what is delivered to them.

use super::engines::{Engine, for_each_engine};
use super::{audit, audit_of, open, user};
use domain::ids::UserNumber;
use domain::time::Micros;
use domain::webhook::{DeliveryNumber, Evidence, LONGEST_WAIT, PATIENCE, WebhookNumber, new_message_id};
use std::sync::Arc;
use store::{Action, Attempt, AttemptEnd, Audit, NewWebhook, Store, StoreError, WebhookChange};

const T0: Micros = Micros(1_000_000_000_000);

async fn add(store: &Arc<dyn Store>, name: &str) -> UserNumber {
    store.insert_user(user(name, None), audit(1, Action::UserAdded)).await.unwrap()
}

fn added(owner: UserNumber) -> Audit {
    audit_of(owner, T0.0, Action::WebhookAdded)
}

async fn insert(store: &Arc<dyn Store>, owner: UserNumber, most: u32) -> Result<WebhookNumber, StoreError> {
    let webhook = NewWebhook {
        owner,
        url: "https://example.com/".to_owned(),
        causes: 2,
        seal: Box::new(|number| Ok(number.0.to_string().into_bytes())),
        most,
    };
    store.insert_webhook(webhook, added(owner)).await
}

fn failed(delivery: DeliveryNumber, webhook: WebhookNumber, at: Micros, evidence: Evidence) -> Attempt {
    let (next, shown) = (Some(at.plus_seconds(5)), "x".to_owned());
    let end = AttemptEnd::Failed { problem: "too_late", next, evidence, shown };
    Attempt { delivery, webhook, at, status: None, end }
}

async fn a_webhook_is_sealed_for_its_own_row_and_found_by_its_owner_alone(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let (owner, other) = (add(&store, "demo").await, add(&store, "other").await);
    let number = insert(&store, owner, 1).await.unwrap();
    assert_eq!(insert(&store, owner, 1).await, Err(StoreError::LimitReached));
    insert(&store, other, 1).await.unwrap();
    assert_eq!(store.list_webhooks(owner).await.unwrap().len(), 1);
    assert!(store.find_webhook(other, number).await.unwrap().is_none());
    let row = store.find_webhook(owner, number).await.unwrap().unwrap();
    assert_eq!(row.secret_sealed, number.0.to_string().into_bytes());
    assert_eq!((row.causes, row.disabled_at, row.failing_since), (2, None, None));

    let gone = WebhookNumber(99);
    let changed = store.change_webhook(gone, WebhookChange::On, added(owner)).await;
    assert_eq!(changed, Err(StoreError::NotFound));
    assert_eq!(store.delete_webhook(gone, added(owner)).await, Err(StoreError::NotFound));
    store.delete_webhook(number, added(owner)).await.unwrap();
    assert!(store.find_webhook(owner, number).await.unwrap().is_none());
}

async fn one_delivery_of_each_webhook_is_due_at_a_time(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let owner = add(&store, "demo").await;
    let (first, second) = (insert(&store, owner, 5).await.unwrap(), insert(&store, owner, 5).await.unwrap());
    let now = T0;
    for number in [first, second] {
        store.insert_test(number, new_message_id(), now, None).await.unwrap();
        assert_eq!(store.insert_test(number, new_message_id(), now, None).await, Err(StoreError::Conflict));
    }
    let due = |at: Micros, busy: Vec<WebhookNumber>, most| {
        let store = store.clone();
        async move {
            let due = store.claim_due_deliveries(at, at, &busy, most).await.unwrap();
            due.into_iter().map(|(webhook, delivery)| (webhook.number, delivery.number)).collect::<Vec<_>>()
        }
    };
    assert_eq!(due(now.plus_seconds(-1), vec![], 9).await, []);
    assert_eq!(due(now, vec![], 9).await.len(), 2);
    assert_eq!(due(now, vec![], 1).await.len(), 1);
    let [(_, delivery)] = due(now, vec![second], 9).await[..] else { panic!("one is busy") };

    store.note_attempt(failed(delivery, first, now, Evidence::None)).await.unwrap();
    assert_eq!(due(now.plus_seconds(4), vec![second], 9).await, []);
    assert_eq!(due(now.plus_seconds(5), vec![second], 9).await, [(first, delivery)]);
    assert!(store.find_webhook(owner, first).await.unwrap().unwrap().failing_since.is_none());

    for wait in [0, LONGEST_WAIT, PATIENCE - 1] {
        store.note_attempt(failed(delivery, first, now.plus_seconds(wait), Evidence::Fails)).await.unwrap();
        let row = store.find_webhook(owner, first).await.unwrap().unwrap();
        assert_eq!((row.failing_since, row.disabled_at), (Some(now), None));
    }
    let too_long = now.plus_seconds(PATIENCE);
    store.note_attempt(failed(delivery, first, too_long, Evidence::Fails)).await.unwrap();
    let row = store.find_webhook(owner, first).await.unwrap().unwrap();
    assert_eq!((row.failing_since, row.disabled_at), (Some(now), Some(too_long)));
    let delivery_row = store.list_deliveries(first, 9).await.unwrap().remove(0);
    assert_eq!((delivery_row.due_at, delivery_row.attempts), (None, 5));
    assert_eq!(store.insert_test(first, new_message_id(), now, None).await, Err(StoreError::NotFound));
    assert_eq!(store.restart_delivery(first, delivery, now, None).await, Err(StoreError::NotFound));
}

async fn a_webhook_is_claimed_by_one_at_a_time(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let owner = add(&store, "demo").await;
    let (first, second) = (insert(&store, owner, 5).await.unwrap(), insert(&store, owner, 5).await.unwrap());
    for webhook in [first, second] {
        store.insert_test(webhook, new_message_id(), T0, None).await.unwrap();
    }
    let until = T0.plus_seconds(60);
    let claim = async |at: Micros, most| {
        let due = store.claim_due_deliveries(at, until, &[], most).await.unwrap();
        due.into_iter().map(|(webhook, delivery)| (webhook.number, delivery.number)).collect::<Vec<_>>()
    };
    let [(webhook, delivery)] = claim(T0, 1).await[..] else { panic!("one at most") };
    assert_eq!(claim(T0, 9).await.len(), 1, "the other one");
    assert_eq!(claim(until.plus_seconds(-1), 9).await, []);
    assert_eq!(claim(until, 9).await.len(), 2, "the claims have ended");
    assert_eq!(claim(T0, 9).await.len(), 2);
    store.release_delivery(webhook).await.unwrap();
    assert_eq!(claim(T0, 9).await, [(webhook, delivery)], "released before its time");
    store.note_attempt(failed(delivery, webhook, T0, Evidence::None)).await.unwrap();
    assert_eq!(claim(T0.plus_seconds(5), 9).await, [(webhook, delivery)], "an attempt ends the claim");
}

async fn what_is_gone_by_the_end_of_an_attempt_is_left_alone(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let owner = add(&store, "demo").await;
    let number = insert(&store, owner, 5).await.unwrap();
    let now = T0;
    store.insert_test(number, new_message_id(), now, None).await.unwrap();
    let delivery = store.list_deliveries(number, 1).await.unwrap()[0].number;
    store.delete_webhook(number, added(owner)).await.unwrap();
    assert!(store.list_deliveries(number, 1).await.unwrap().is_empty());
    store.note_attempt(failed(delivery, number, now, Evidence::Gone)).await.unwrap();
    let end = AttemptEnd::Delivered;
    store.note_attempt(Attempt { delivery, webhook: number, at: now, status: Some(200), end }).await.unwrap();
    assert_eq!(store.count_notices(owner).await.unwrap(), notices_of_acts(&store, owner).await);
}

/// How many notices tell of what was done, and not of a webhook that is off.
async fn notices_of_acts(store: &Arc<dyn Store>, owner: UserNumber) -> u64 {
    let notices = store.list_notices(owner, 0, 50).await.unwrap();
    notices.iter().filter(|notice| notice.action.is_some()).count() as u64
}

for_each_engine!(
    a_webhook_is_sealed_for_its_own_row_and_found_by_its_owner_alone,
    one_delivery_of_each_webhook_is_due_at_a_time,
    a_webhook_is_claimed_by_one_at_a_time,
    what_is_gone_by_the_end_of_an_attempt_is_left_alone
);
