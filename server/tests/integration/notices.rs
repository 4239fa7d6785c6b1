//! What users are told of: by which causes, how often, and by which ways.

mod acts;
mod bounds;
mod choices;
mod gathered;
mod networks;
mod pages;

use crate::app::TestApp;
use ::contract::Cause;

/// A server that could send mail, which nobody sends here.
const MAIL: [(&str, &str); 2] = [("smtp_url", "smtp://127.0.0.1:1"), ("smtp_from", "keys@example.com")];
const DAY: i64 = 86_400;

pub(super) async fn unread(app: &TestApp, name: &str) -> u64 {
    app.services.use_cases.notices.flush().await;
    let user = app.user(name).await;
    app.services.store.count_unread_notices(user.number).await.unwrap()
}

/// Rows of a query that answers one number a row.
pub(super) fn rows(app: &TestApp, sql: &str) -> Vec<i64> {
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Adds a webhook to an account, for these causes.
pub(super) async fn add_webhook(app: &TestApp, owner: &str, causes: &[Cause]) {
    let owner = app.user(owner).await.number.0;
    let causes: u32 = causes.iter().map(|cause| cause.bit()).sum();
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    connection
        .execute(
            "INSERT INTO webhooks (owner_no, url, secret_sealed, causes, created_at)
             VALUES (?1, 'https://hooks.example', x'00', ?2, 1)",
            [owner, causes.into()],
        )
        .unwrap();
}
