//! What the store has to do, whatever the engine.

use super::{app_with_owner, user};
use crate::app::TestApp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::UserNo;
use domain::time::{Clock, Micros};
use domain::webhook::{DeliveryNo, Evidence, LONGEST_WAIT, PATIENCE, WebhookNo, new_message_id};
use store::{Action, Attempt, AttemptEnd, Audit, NewWebhook, StoreError, WebhookChange};

fn audit(app: &TestApp, owner: UserNo) -> Audit {
    Audit {
        at: app.clock.now(),
        action: Action::WebhookAdded,
        actor: "demo".to_owned(),
        user: Some(owner),
        address: None,
        detail: String::new(),
        session: None,
    }
}

async fn insert(app: &TestApp, owner: UserNo, most: u32) -> Result<WebhookNo, StoreError> {
    let webhook = NewWebhook {
        owner,
        url: "https://example.com/".to_owned(),
        causes: 2,
        seal: Box::new(|no| Ok(no.0.to_string().into_bytes())),
        most,
    };
    app.services.store.insert_webhook(webhook, audit(app, owner)).await
}

fn failed(delivery: DeliveryNo, webhook: WebhookNo, at: Micros, evidence: Evidence) -> Attempt {
    let (next, shown) = (Some(at.plus_seconds(5)), "x".to_owned());
    let end = AttemptEnd::Failed { problem: "too_late", next, evidence, shown };
    Attempt { delivery, webhook, at, status: None, end }
}

#[tokio::test]
async fn a_webhook_is_sealed_for_its_own_row_and_found_by_its_owner_alone() {
    let app = app_with_owner().await;
    app.add_user("other").await;
    let (owner, other) = (user(&app, "demo").await, user(&app, "other").await);
    let store = &app.services.store;
    let no = insert(&app, owner, 1).await.unwrap();
    assert_eq!(insert(&app, owner, 1).await, Err(StoreError::Full));
    insert(&app, other, 1).await.unwrap();
    assert_eq!(store.list_webhooks(owner).await.unwrap().len(), 1);
    assert!(store.find_webhook(other, no).await.unwrap().is_none());
    let row = store.find_webhook(owner, no).await.unwrap().unwrap();
    assert_eq!(row.secret_sealed, no.0.to_string().into_bytes());
    assert_eq!((row.causes, row.disabled_at, row.failing_since), (2, None, None));

    let gone = WebhookNo(99);
    let changed = store.change_webhook(gone, WebhookChange::On, audit(&app, owner)).await;
    assert_eq!(changed, Err(StoreError::NotFound));
    assert_eq!(store.delete_webhook(gone, audit(&app, owner)).await, Err(StoreError::NotFound));
    store.delete_webhook(no, audit(&app, owner)).await.unwrap();
    assert!(store.find_webhook(owner, no).await.unwrap().is_none());
    app.stop().await;
}

#[tokio::test]
async fn one_delivery_of_each_webhook_is_due_at_a_time() {
    let app = app_with_owner().await;
    let owner = user(&app, "demo").await;
    let store = &app.services.store;
    let (first, second) = (insert(&app, owner, 5).await.unwrap(), insert(&app, owner, 5).await.unwrap());
    let now = app.clock.now();
    for no in [first, second] {
        store.insert_test(no, new_message_id(), now, None).await.unwrap();
        assert_eq!(store.insert_test(no, new_message_id(), now, None).await, Err(StoreError::Conflict));
    }
    let due = |at: Micros, busy: Vec<WebhookNo>, most| {
        let store = store.clone();
        async move {
            let due = store.list_due_deliveries(at, &busy, most).await.unwrap();
            due.into_iter().map(|(webhook, delivery)| (webhook.no, delivery.no)).collect::<Vec<_>>()
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
    app.stop().await;
}

#[tokio::test]
async fn what_was_sent_in_weeks_is_bounded_and_goes_with_its_webhook() {
    let app = app_with_owner().await;
    let owner = user(&app, "demo").await;
    let store = &app.services.store;
    let (no, other) = (insert(&app, owner, 5).await.unwrap(), insert(&app, owner, 5).await.unwrap());
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let count = |webhook: WebhookNo| -> i64 {
        let sql = "SELECT count(*) FROM webhook_deliveries WHERE webhook_no = ?";
        connection.query_row(sql, [webhook.0], |row| row.get(0)).unwrap()
    };
    let now = app.clock.now();
    for webhook in [no, other] {
        for _ in 0..55 {
            store.insert_test(webhook, new_message_id(), now, None).await.unwrap();
            let delivery = store.list_deliveries(webhook, 1).await.unwrap()[0].no;
            let end = AttemptEnd::Delivered;
            store.note_attempt(Attempt { delivery, webhook, at: now, status: Some(200), end }).await.unwrap();
        }
        assert_eq!(count(webhook), 51, "further tests make room for each other");
    }
    let sent = "INSERT INTO webhook_deliveries (webhook_no, message_id, cause, created_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700)
                SELECT ?1, 'msg_' || i, 7, 1 FROM n";
    connection.execute(sent, [no.0]).unwrap();
    store.insert_test(no, new_message_id(), now, None).await.unwrap();
    store.delete_webhook(no, audit(&app, owner)).await.unwrap();
    assert_eq!((count(no), count(other)), (0, 51));
    app.stop().await;
}

#[tokio::test]
async fn what_is_gone_by_the_end_of_an_attempt_is_left_alone() {
    let app = app_with_owner().await;
    let owner = user(&app, "demo").await;
    let store = &app.services.store;
    let no = insert(&app, owner, 5).await.unwrap();
    let now = app.clock.now();
    store.insert_test(no, new_message_id(), now, None).await.unwrap();
    let delivery = store.list_deliveries(no, 1).await.unwrap()[0].no;
    store.delete_webhook(no, audit(&app, owner)).await.unwrap();
    assert!(store.list_deliveries(no, 1).await.unwrap().is_empty());
    store.note_attempt(failed(delivery, no, now, Evidence::Gone)).await.unwrap();
    let end = AttemptEnd::Delivered;
    store.note_attempt(Attempt { delivery, webhook: no, at: now, status: Some(200), end }).await.unwrap();
    assert_eq!(store.count_notices(owner).await.unwrap(), notices_of_acts(&app, owner).await);
    app.stop().await;
}

/// How many notices tell of what was done, and not of a webhook that is off.
async fn notices_of_acts(app: &TestApp, owner: UserNo) -> u64 {
    let notices = app.services.store.list_notices(owner, 0, 50).await.unwrap();
    notices.iter().filter(|notice| notice.action.is_some()).count() as u64
}

#[tokio::test]
async fn no_secret_lies_open_in_the_database() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let (_, secret) = super::add(&browser, "https://example.com/").await;
    app.stop().await;
    let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    for file in ["latchkey.db", "latchkey.db-wal"] {
        let Ok(content) = std::fs::read(app.dir.path().join(file)) else { continue };
        let holds = |part: &[u8]| content.windows(part.len()).any(|window| window == part);
        assert!(!holds(&bytes) && !holds(secret.as_bytes()) && !holds(&secret.as_bytes()[6..]), "{file}");
    }
}
