//! The list as a file.

use super::Shop;
use crate::app::{Answer, Browser, TestApp};
use contract::KeyType;
use domain::ids::KeyId;
use domain::time::Clock;
use domain::token::TokenHash;
use futures::future::join_all;
use http::{Method, StatusCode};
use insta::assert_snapshot;
use store::{Action, NewKey};

const EXPORT: &str = "/account/api-keys/export";

async fn export(browser: &Browser<'_>, query: &str) -> Answer {
    let answer = browser.get(&format!("{EXPORT}?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

/// The lines without the masked tokens, which are others each time.
fn lines(file: &str) -> String {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut text = format!("{}\n", reader.headers().unwrap().iter().collect::<Vec<_>>().join(" | "));
    for record in reader.records() {
        let record = record.unwrap();
        let cells = record.iter().enumerate().map(|(at, cell)| if at == 3 { "…" } else { cell });
        text.push_str(&format!("{}\n", cells.collect::<Vec<_>>().join(" | ")));
    }
    text
}

#[tokio::test]
async fn a_file_holds_what_the_filters_show_and_no_token() {
    let shop = Shop::open().await;
    let keys = shop.fill().await;
    let owner = shop.owner().await;
    let all = export(&owner, "").await;
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"api-keys-2026-01-15.csv\"");
    assert_eq!(all.header("cache-control"), "no-store");
    assert_snapshot!(lines(&all.body), @"
    Username | Description | Type | Key | State | Created (UTC) | Expires (UTC) | Last Used (UTC) | Times Used | Locked On IP
    branch | Old <script> | App | … | Active | 2026-01-15 12:00:00 |  |  | 0 | 
    branch | Shop in Iași | Default Key | … | Paused | 2026-01-15 12:00:00 |  |  | 0 | 
    owner | Bulk sender | SMPP | … | Active | 2026-01-15 12:00:00 |  |  | 0 | 
    owner | phone app | Cloud | … | Active | 2026-01-15 12:00:00 |  | 2026-01-15 12:00:05 | 3 | 198.51.100.1
    owner | Web shop | Default Key | … | Active | 2026-01-15 12:00:00 |  | 2026-01-15 12:00:02 | 2 | 203.0.113.7
    ");
    for key in &keys {
        assert!(!all.body.contains(&key.token));
    }
    let masked = format!("{}…{}", &keys[0].token[..8], &keys[0].token[42..]);
    assert!(all.body.contains(&masked));
    assert_snapshot!(lines(&export(&owner, "q=shop&sort=description&size=20&page=9").await.body), @"
    Username | Description | Type | Key | State | Created (UTC) | Expires (UTC) | Last Used (UTC) | Times Used | Locked On IP
    branch | Shop in Iași | Default Key | … | Paused | 2026-01-15 12:00:00 |  |  | 0 | 
    owner | Web shop | Default Key | … | Active | 2026-01-15 12:00:00 |  | 2026-01-15 12:00:02 | 2 | 203.0.113.7
    ");
    let branch = shop.app.browser("branch").await;
    assert_snapshot!(lines(&export(&branch, "").await.body), @"
    Username | Description | Type | Key | State | Created (UTC) | Expires (UTC) | Last Used (UTC) | Times Used | Locked On IP
    branch | Old <script> | App | … | Active | 2026-01-15 12:00:00 |  |  | 0 | 
    branch | Shop in Iași | Default Key | … | Paused | 2026-01-15 12:00:00 |  |  | 0 |
    ");
    let stranger = shop.app.browser("stranger").await;
    assert_eq!(lines(&export(&stranger, "").await.body).lines().count(), 1, "the heads alone");
    let romanian = owner.get_in(EXPORT, "ro").await.body;
    assert_snapshot!(romanian.lines().next().unwrap(), @"Nume utilizator,Descriere,Tip,Cheie,Stare,Creată (UTC),Expiră (UTC),Ultima utilizare (UTC),Număr de utilizări,Blocată pe IP");
}

#[tokio::test]
async fn no_cell_is_carried_out_and_lines_are_those_of_the_standard() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let odd = ["=1+1", "+49 30", "-x", "@SUM(A1)", "a \"quoted\", b", "plain"];
    for description in odd {
        browser.generate(description, "cloud").await;
    }
    let file = export(&browser, "sort=created").await.body;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let cells: Vec<_> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
    assert_eq!(cells, ["'=1+1", "'+49 30", "'-x", "'@SUM(A1)", "a \"quoted\", b", "plain"]);
    assert!(file.contains(",\"a \"\"quoted\"\", b\","), "{file}");
    assert_eq!(file.matches("\r\n").count(), odd.len() + 1);
    assert_eq!(file.matches('\n').count(), odd.len() + 1);
}

/// More than are read at a time.
const KEYS: usize = 1203;

/// Adds keys to the account of `demo`, as quickly as the store takes them.
async fn fill(app: &TestApp) {
    let user = app.user("demo").await.number;
    let adds: Vec<_> = (0..KEYS)
        .map(|number| {
            let mut token_hash = [7; 32];
            token_hash[..8]
                .copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
            let key = NewKey {
                id: KeyId::generate(),
                user,
                key_type: KeyType::Cloud,
                description: format!("key {number}"),
                token_hash: TokenHash(token_hash),
                masked: "lkc_abcd…wxyz".into(),
                sealed: None,
                expires_at: None,
                manages_keys: false,
                at: app.clock.now(),
                most: None,
            };
            (key, app.act(user, Action::KeyGenerated))
        })
        .collect();
    let mut adds = adds.into_iter().peekable();
    while adds.peek().is_some() {
        let some = adds.by_ref().take(200).map(|(key, audit)| app.services.store.insert_key(key, audit));
        for added in join_all(some).await {
            added.unwrap();
        }
    }
}

#[tokio::test]
async fn a_file_has_all_keys_in_their_order_and_its_reader_may_go() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    fill(&app).await;
    let browser = app.browser("demo").await;
    let names = |file: &str| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        reader.records().map(|record| record.unwrap()[1].to_owned()).collect()
    };
    let all = names(&export(&browser, "").await.body);
    let expected: Vec<_> = (0..KEYS).rev().map(|number| format!("key {number}")).collect();
    assert_eq!(all, expected);
    let some = names(&export(&browser, "q=key+11&sort=created").await.body);
    assert_eq!(some.len(), 1 + 10 + 100, "11, 110 to 119, 1100 to 1199");
    let head = browser.request(Method::HEAD, EXPORT, &[], axum::body::Body::empty()).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn nobody_gets_a_file_without_a_session() {
    let shop = Shop::open().await;
    let answer = shop.app.stranger().get(&format!("{EXPORT}?q=x")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/login?next=%2Faccount%2Fapi-keys%2Fexport%3Fq%3Dx");
    let posted = shop.owner().await.post(EXPORT, &[]).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}
