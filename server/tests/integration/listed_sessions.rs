//! The list of a user's sessions in the profile, and how they are ended.

use crate::app::{Browser, HOME, PASSWORD, TestApp};
use crate::html;
use crate::profile::post;
use http::{Method, StatusCode};
use insta::assert_snapshot;
use sha2::Digest;

/// The sessions that a page lists: device, address and the id in its button, if it has one.
fn sessions(page: &str) -> Vec<(String, String, Option<String>)> {
    let rows = html::rows(page, "#sessions tbody tr").into_iter().enumerate();
    let id =
        |row| html::attributes(page, &format!("#sessions tbody tr:nth-child({row}) [value]"), "value").pop();
    rows.map(|(n, cells)| (cells[0].clone(), cells[1].clone(), id(n + 1))).collect()
}

async fn log_in_with<'a>(app: &'a TestApp, name: &str, agent: &str, from: &str) -> Browser<'a> {
    let browser = app.stranger();
    let headers = [("user-agent", agent), ("x-forwarded-for", from)];
    let answer = browser.post_with("/login", &headers, &[("username", name), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[tokio::test]
async fn a_user_sees_its_sessions_and_ends_one() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let firefox = log_in_with(&app, "demo", FIREFOX, "203.0.113.7").await;
    app.clock.advance(90);
    let odd = log_in_with(&app, "demo", "\"><script>", "2001:db8::1").await;
    let here = app.browser("demo").await;
    let page = here.get("/account/profile").await.page();
    let listed = sessions(&page);
    assert_eq!(listed.len(), 3, "{listed:?}");
    let find = |address: &str| listed.iter().find(|(_, from, _)| from == address).unwrap().clone();
    let (device, _, id) = find("203.0.113.7");
    assert_eq!(device, "Firefox on Linux");
    assert_eq!(find("2001:db8::1").0, "Unknown device");
    assert_eq!(find(HOME).2, None, "the present one is ended by logging out");
    assert_snapshot!(html::lines(&page, "#sessions"), @"
    Sessions
    Where you are logged in. If you do not recognise one, end it and change your password.
    Unknown device
    192.0.2.10
    2026-01-15 12:01:30
    2026-01-15 12:01:30
    This session
    Unknown device
    2001:db8::1
    2026-01-15 12:01:30
    2026-01-15 12:01:30
    End
    End
    Firefox on Linux
    203.0.113.7
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    End
    End
    End all other sessions
    ");
    let id = id.unwrap();
    let token = firefox.cookie.lock().clone().unwrap();
    let hash: [u8; 32] = sha2::Sha256::digest(token.split_once('=').unwrap().1).into();
    assert!(!page.contains(&hex::encode(hash)) && id.len() == 32, "what stands in the database is not shown");
    let done = post(&here, "end_session", &[("session", &id)]).await;
    assert_eq!(done.header("location"), "/account/profile?done=session");
    assert_eq!(firefox.get("/").await.status, StatusCode::SEE_OTHER, "refused at the next request");
    assert_eq!(odd.get("/").await.status, StatusCode::OK);
    let again = post(&here, "end_session", &[("session", &id)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_snapshot!(here.history().await, @"
    2026-01-15 12:01:30 | Session ended 203.0.113.7 | demo | 192.0.2.10
    2026-01-15 12:01:30 | Login | demo | 192.0.2.10
    2026-01-15 12:01:30 | Login | demo | 2001:db8::1
    2026-01-15 12:00:00 | Login | demo | 203.0.113.7
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
    // Where it was used last is shown, not where it began.
    app.clock.advance(120);
    let headers = [("x-forwarded-for", "198.51.100.4")];
    odd.request(Method::GET, "/", &headers, axum::body::Body::empty()).await;
    let listed = sessions(&here.get("/account/profile").await.page());
    assert!(listed.iter().any(|(_, from, _)| from == "198.51.100.4"), "{listed:?}");
}

#[tokio::test]
async fn sessions_of_others_are_out_of_reach() {
    let app = TestApp::start_with(&[("password_max_age_days", "0")]).await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let (demo, other) = (app.browser("demo").await, app.browser("other").await);
    let second = app.browser("demo").await;
    let theirs = sessions(&demo.get("/account/profile").await.page());
    let id = theirs.into_iter().find_map(|(_, _, id)| id).unwrap();
    let huge = "a".repeat(10_000);
    for bad in [id.as_str(), "", "0", "<script>", &huge] {
        let refused = post(&other, "end_session", &[("session", bad)]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{bad}");
    }
    assert_eq!(post(&other, "end_other_sessions", &[]).await.status, StatusCode::SEE_OTHER);
    for browser in [&demo, &second, &other] {
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
    }
    // Sessions that ended by their limits are not listed.
    app.clock.advance(400 * 24 * 3600);
    let late = app.browser("demo").await;
    assert_eq!(sessions(&late.get("/account/profile").await.page()).len(), 1);
}

#[tokio::test]
async fn all_other_sessions_end_together() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let others = [app.browser("demo").await, app.browser("demo").await];
    let here = app.browser("demo").await;
    let done = post(&here, "end_other_sessions", &[]).await;
    assert_eq!(done.header("location"), "/account/profile?done=sessions");
    for other in &others {
        assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
    }
    let page = here.get("/account/profile").await.page();
    assert_eq!(sessions(&page).len(), 1);
    assert_snapshot!(html::lines(&page, "#sessions"), @"
    Sessions
    Where you are logged in. If you do not recognise one, end it and change your password.
    Unknown device
    192.0.2.10
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    This session
    ");
    let history = here.history().await;
    assert_eq!(history.matches("Session ended").count(), 2);
}
