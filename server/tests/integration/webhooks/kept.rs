//! What lies in the database of webhooks.

use super::app_with_owner;
use crate::app::TestApp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::UserNumber;
use domain::time::Clock;
use domain::webhook::{WebhookNumber, new_message_id};
use store::{Action, Attempt, AttemptEnd, NewWebhook};

async fn insert(app: &TestApp, owner: UserNumber) -> WebhookNumber {
    let webhook = NewWebhook {
        owner,
        url: "https://example.com/".to_owned(),
        causes: 2,
        seal: Box::new(|number| Ok(number.0.to_string().into_bytes())),
        most: 5,
    };
    app.services.store.insert_webhook(webhook, app.act(owner, Action::WebhookAdded)).await.unwrap()
}

#[tokio::test]
async fn what_was_sent_in_weeks_is_bounded_and_goes_with_its_webhook() {
    let app = app_with_owner().await;
    let owner = app.user("demo").await.number;
    let store = &app.services.store;
    let (number, other) = (insert(&app, owner).await, insert(&app, owner).await);
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let count = |webhook: WebhookNumber| -> i64 {
        let sql = "SELECT count(*) FROM webhook_deliveries WHERE webhook_no = ?";
        connection.query_row(sql, [webhook.0], |row| row.get(0)).unwrap()
    };
    let now = app.clock.now();
    for webhook in [number, other] {
        for _ in 0..55 {
            store.insert_test(webhook, new_message_id(), now, None).await.unwrap();
            let delivery = store.list_deliveries(webhook, 1).await.unwrap()[0].number;
            let end = AttemptEnd::Delivered;
            store.note_attempt(Attempt { delivery, webhook, at: now, status: Some(200), end }).await.unwrap();
        }
        assert_eq!(count(webhook), 51, "further tests make room for each other");
    }
    let sent = "INSERT INTO webhook_deliveries (webhook_no, message_id, cause, created_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700)
                SELECT ?1, 'msg_' || i, 7, 1 FROM n";
    connection.execute(sent, [number.0]).unwrap();
    store.insert_test(number, new_message_id(), now, None).await.unwrap();
    store.delete_webhook(number, app.act(owner, Action::WebhookAdded)).await.unwrap();
    assert_eq!((count(number), count(other)), (0, 51));
    app.stop().await;
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
