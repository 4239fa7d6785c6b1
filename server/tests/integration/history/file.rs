//! The history as a file.

use super::{Account, HISTORY, ask, lines};
use crate::app::{Answer, Browser, TestApp, without_masked};
use http::{Method, StatusCode};
use insta::assert_snapshot;

async fn export(browser: &Browser<'_>, query: &str) -> Answer {
    let answer = browser.get(&format!("{HISTORY}/export?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

/// The lines without masked tokens, which are others each time.
fn cells(file: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    let mut text = String::new();
    for record in reader.records() {
        let words = record.unwrap().iter().collect::<Vec<_>>().join(" | ");
        text.push_str(&format!("{}\n", without_masked(&words)));
    }
    text
}

#[tokio::test]
async fn a_file_holds_the_lines_that_the_filter_shows_and_no_secret() {
    let account = Account::open().await;
    let owner = account.owner().await;
    let all = export(&owner, "").await;
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"history-2026-01-15.csv\"");
    assert_eq!(all.header("cache-control"), "no-store");
    assert_snapshot!(cells(&all.body), @"
    When (UTC) | What | Details | User | Description | Key | Who | Through | From
    2026-01-15 12:11:40 | Login |  | owner |  |  | owner |  | 192.0.2.10
    2026-01-15 12:11:40 | Key deleted |  | branch | Web shop in Iași | … | branch |  | 192.0.2.10
    2026-01-15 12:11:40 | Key paused |  | owner | program | … | owner |  | 192.0.2.10
    2026-01-15 12:11:40 | Description of a key changed | Web shop in Iași | branch | Web shop in Iași | … | owner |  | 192.0.2.10
    2026-01-15 12:11:40 | Key generated | Cloud | owner | by program | … | owner | program … | 203.0.113.50
    2026-01-15 12:11:40 | Wrong password at Show |  | branch |  |  | branch |  | 192.0.2.10
    2026-01-15 12:00:00 | Key generated | Default Key | branch | Web shop in Iași | … | branch |  | 192.0.2.10
    2026-01-15 12:00:00 | Key generated | Cloud | owner | program | … | owner |  | 192.0.2.10
    2026-01-15 12:00:00 | Login |  | branch |  |  | branch |  | 192.0.2.10
    2026-01-15 12:00:00 | Login |  | owner |  |  | owner |  | 192.0.2.10
    2026-01-15 12:00:00 | Account created | branch | branch |  |  | The operator |  | 
    2026-01-15 12:00:00 | Account created | owner | owner |  |  | The operator |  |
    ");
    for key in [&account.program, &account.web] {
        assert!(!all.body.contains(&key.token));
    }
    let query = format!("key={}&act=key_deleted&page=9", account.web.id);
    assert_snapshot!(cells(&export(&owner, &query).await.body), @"
    When (UTC) | What | Details | User | Description | Key | Who | Through | From
    2026-01-15 12:11:40 | Key deleted |  | branch | Web shop in Iași | … | branch |  | 192.0.2.10
    ");
    assert_eq!(cells(&export(&owner, "user=stranger").await.body).lines().count(), 1, "the heads alone");
    let branch = account.app.browser("branch").await;
    let own = cells(&export(&branch, "").await.body);
    assert_eq!(own.lines().count() - 1, lines(&ask(&branch, "").await).lines().count());
    assert!(!own.contains("| owner |") && !own.contains("program"), "{own}");
    let romanian = owner.get_in(&format!("{HISTORY}/export"), "ro").await.body;
    assert_snapshot!(romanian.lines().next().unwrap(), @"Când (UTC),Ce,Detalii,Utilizator,Descriere,Cheie,Cine,Prin,De la");
}

#[tokio::test]
async fn a_file_has_all_lines_once_and_no_cell_is_carried_out() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("=1+1", "cloud").await;
    // More than are read at a time.
    for round in 0..520 {
        let audit = store::Audit {
            detail: format!("+{round}"),
            ..app.act(app.user("demo").await.number, store::Action::AddressIgnored)
        };
        app.services.store.record(audit).await.unwrap();
    }
    let file = export(&demo, "act=address_ignored").await.body;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let details: Vec<_> = reader.records().map(|record| record.unwrap()[2].to_owned()).collect();
    assert_eq!(details, (0..520).rev().map(|round| format!("'+{round}")).collect::<Vec<_>>());
    let file = export(&demo, &format!("key={}", key.id)).await.body;
    assert!(file.contains(",'=1+1,"), "{file}");
    let head = demo.request(Method::HEAD, &format!("{HISTORY}/export"), &[], axum::body::Body::empty()).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    let answer = app.stranger().get(&format!("{HISTORY}/export")).await;
    assert_eq!(answer.header("location"), "/login?next=%2Faccount%2Fprofile%2Fhistory%2Fexport");
    assert_eq!(demo.post(&format!("{HISTORY}/export"), &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
