//! The history of an account: who reads what, filters in the address, pages, and the file.

mod file;

use crate::api::generate_managing;
use crate::app::{Answer, Browser, Key, PASSWORD, TestApp, history_lines};
use crate::html;
use axum::body::Body;
use http::{Request, StatusCode};
use insta::assert_snapshot;

const HISTORY: &str = "/account/profile/history";

/// The lines of a page of the history.
fn lines(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    history_lines(&page.body)
}

/// An owner with a sub-user, a program of the owner, and a stranger.
struct Account {
    app: TestApp,
    program: Key,
    web: Key,
}

impl Account {
    async fn open() -> Self {
        let app = TestApp::start().await;
        app.add_user("owner").await;
        app.add_sub_user("branch", Some("owner")).await;
        app.add_user("stranger").await;
        let (owner, branch) = (app.browser("owner").await, app.browser("branch").await);
        let program = generate_managing(&owner, "cloud").await;
        let web = branch.generate("Web shop", "default").await;
        app.browser("stranger").await.generate("theirs", "cloud").await;
        app.clock.advance(700);
        branch.act(&web.id, "reveal_key", &[("password", "wrong one")]).await;
        let (this, that) = (r#"{"description":"by program","key_type":"cloud"}"#, "Web shop in Iași");
        let request = Request::post("/v1/keys").header("authorization", format!("Bearer {}", program.token));
        let request = request.header("content-type", "application/json").body(Body::from(this)).unwrap();
        assert_eq!(app.send("203.0.113.50", request).await.status, StatusCode::CREATED);
        owner.act(&web.id, "rename_key", &[("description", that)]).await;
        owner.act(&program.id, "pause_key", &[]).await;
        branch.delete(&web.id).await;
        Self { app, program, web }
    }

    async fn owner(&self) -> Browser<'_> {
        self.app.browser("owner").await
    }
}

async fn ask(browser: &Browser<'_>, query: &str) -> Answer {
    browser.get(&format!("{HISTORY}?{query}")).await
}

#[tokio::test]
async fn an_owner_reads_of_keys_and_sub_users_and_a_sub_user_of_itself() {
    let account = Account::open().await;
    let owner = account.owner().await;
    let page = owner.get(HISTORY).await;
    assert_snapshot!(lines(&page), @"
    2026-01-15 12:11:40 | Login | owner | 192.0.2.10
    2026-01-15 12:11:40 | Key deleted Web shop in Iași Deleted … branch | branch | 192.0.2.10
    2026-01-15 12:11:40 | Key paused program … | owner | 192.0.2.10
    2026-01-15 12:11:40 | Description of a key changed Web shop in Iași Web shop in Iași Deleted … branch | owner | 192.0.2.10
    2026-01-15 12:11:40 | Key generated Cloud by program … | owner through program … | 203.0.113.50
    2026-01-15 12:11:40 | Wrong password at Show | branch | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key Web shop in Iași Deleted … branch | branch | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Cloud program … | owner | 192.0.2.10
    2026-01-15 12:00:00 | Login | branch | 192.0.2.10
    2026-01-15 12:00:00 | Login | owner | 192.0.2.10
    2026-01-15 12:00:00 | Account created branch | The operator | 
    2026-01-15 12:00:00 | Account created owner | The operator |
    ");
    let branch = account.app.browser("branch").await;
    assert_snapshot!(lines(&branch.get(HISTORY).await), @"
    2026-01-15 12:11:40 | Login | branch | 192.0.2.10
    2026-01-15 12:11:40 | Key deleted Web shop in Iași Deleted … | branch | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at Show | branch | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key Web shop in Iași Deleted … | branch | 192.0.2.10
    2026-01-15 12:00:00 | Login | branch | 192.0.2.10
    2026-01-15 12:00:00 | Account created branch | The operator |
    ");
    let web = format!("/account/api-keys/{}", account.web.id);
    assert!(!page.body.contains(&format!("href=\"{web}\"")), "a deleted key has no page");
    assert!(page.body.contains(&format!("href=\"/account/api-keys/{}\"", account.program.id)));
    let romanian = owner.get_in(HISTORY, "ro").await;
    assert_snapshot!(lines(&romanian).lines().take(5).collect::<Vec<_>>().join("\n"), @"
    2026-01-15 12:11:40 | Autentificare | branch | 192.0.2.10
    2026-01-15 12:11:40 | Autentificare | owner | 192.0.2.10
    2026-01-15 12:11:40 | Cheie ștearsă Web shop in Iași Ștearsă … branch | branch | 192.0.2.10
    2026-01-15 12:11:40 | Cheie suspendată program … | owner | 192.0.2.10
    2026-01-15 12:11:40 | Descrierea unei chei schimbată Web shop in Iași Web shop in Iași Ștearsă … branch | owner | 192.0.2.10
    ");
    for token in [&account.program.token, &account.web.token] {
        assert!(!page.body.contains(token));
    }
}

#[tokio::test]
async fn filters_stand_in_the_address() {
    let account = Account::open().await;
    let (owner, branch) = (account.owner().await, account.app.browser("branch").await);
    let (program, web) = (&account.program.id, &account.web.id);
    let count = async |browser: &Browser<'_>, query: &str| {
        let page = ask(browser, query).await;
        (lines(&page).lines().count(), page)
    };
    assert_snapshot!(lines(&ask(&owner, &format!("key={web}")).await), @"
    2026-01-15 12:11:40 | Key deleted Web shop in Iași Deleted … branch | branch | 192.0.2.10
    2026-01-15 12:11:40 | Description of a key changed Web shop in Iași Web shop in Iași Deleted … branch | owner | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key Web shop in Iași Deleted … branch | branch | 192.0.2.10
    ");
    assert_snapshot!(lines(&ask(&owner, &format!("key={program}&act=key_generated")).await), @"
    2026-01-15 12:11:40 | Key generated Cloud by program … | owner through program … | 203.0.113.50
    2026-01-15 12:00:00 | Key generated Cloud program … | owner | 192.0.2.10
    ");
    assert_snapshot!(lines(&ask(&owner, "user=BRANCH&act=login_failed").await), @"2026-01-15 12:11:40 | Wrong password at Show | branch | 192.0.2.10");
    let (of_branch, page) = count(&owner, "user=branch").await;
    assert_eq!(of_branch, lines(&ask(&branch, "").await).lines().count());
    assert_eq!(html::attributes(&page.body, "select[name=user] option[selected]", "value"), ["branch"]);
    let (_, page) = count(&owner, &format!("key={web}&act=key_deleted")).await;
    assert_eq!(html::attributes(&page.body, "option[selected]", "value"), ["", web.as_str(), "key_deleted"]);
    assert!(page.texts("option[selected]")[1].starts_with("Web shop in Iași · lkd_"));
    assert!(page.body.contains(&format!("{HISTORY}/export?key={web}&amp;act=key_deleted")));
    // A sub-user names itself, and nobody else.
    assert_eq!(count(&branch, "user=branch").await.0, of_branch);
    for query in ["user=owner", "user=stranger", &format!("key={program}")] {
        let (found, page) = count(&branch, query).await;
        assert_eq!(found, 0, "{query}");
        assert!(page.text().contains("Nothing found"), "{}", page.page());
        assert!(!page.body.contains("program"), "{query}");
    }
    assert_eq!(branch.get(HISTORY).await.texts("select[name=user]").len(), 0);
}

#[tokio::test]
async fn whoever_asks_for_what_is_not_theirs_learns_nothing() {
    let account = Account::open().await;
    let stranger = account.app.browser("stranger").await;
    let none = "00000000-0000-7000-8000-000000000000";
    let nothing = async |query: &str| {
        let page = ask(&stranger, query).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(lines(&page), "", "{query}");
        page.page().replace(query, "…")
    };
    let foreign = [account.program.id.as_str(), &account.web.id, none];
    let mut pages = Vec::new();
    for id in foreign {
        pages.push(nothing(&format!("key={id}")).await);
    }
    let shown = |at: usize| pages[at].replace(foreign[at], "…");
    assert!(shown(0) == shown(1) && shown(1) == shown(2), "{}", shown(0));
    for user in ["owner", "branch", "nobody", "two+words", "%00", &"a".repeat(3000)] {
        nothing(&format!("user={user}")).await;
    }
    let all = lines(&stranger.get(HISTORY).await);
    for odd in
        ["key=1", "act=drop", "act=gateway_added", "page=-1", "page=99999999999", "key=%ff&act=%00", "x=y"]
    {
        assert_eq!(lines(&ask(&stranger, odd).await), all, "{odd}");
    }
    let anybody = account.app.stranger().get(&format!("{HISTORY}?user=owner")).await;
    assert_eq!(anybody.header("location"), "/login?next=%2Faccount%2Fprofile%2Fhistory%3Fuser%3Downer");
}

#[tokio::test]
async fn pages_keep_the_filter_and_the_last_one_stands_for_those_behind_it() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    for round in 0..60 {
        demo.generate(&format!("key {round}"), "cloud").await;
    }
    let made = |page: &Answer| lines(page).matches("Key generated").count();
    let first = ask(&demo, "act=key_generated").await;
    assert_eq!((made(&first), lines(&first).lines().count()), (50, 50));
    let next = html::attributes(&first.body, "nav.pager a[rel=next]", "href");
    assert_eq!(next, [format!("{HISTORY}?act=key_generated&page=2")]);
    assert_eq!(made(&demo.get(&next[0]).await), 10);
    let past = ask(&demo, "act=key_generated&page=4294967295").await;
    assert_eq!(made(&past), 10, "a page past the end is the last one");
    assert!(past.text().contains("60 lines"), "{}", past.text());
    let second = ask(&demo, "page=2").await;
    assert_snapshot!(lines(&second).lines().last().unwrap(), @"2026-01-15 12:00:00 | Account created demo | The operator |");
}

#[tokio::test]
async fn a_failed_attempt_says_what_was_wrong_and_where() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_sub_user("sub", Some("demo")).await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "default").await;
    app.clock.advance(700);
    let wrong = ("password", "wrong one");
    app.stranger().post("/login", &[("username", "demo"), wrong]).await;
    demo.act(&key.id, "reveal_key", &[wrong]).await;
    demo.act(&key.id, "rotate_key", &[("overlap_seconds", "0"), wrong]).await;
    let managing = [("description", "x"), ("key_type", "cloud"), ("manages_keys", "true"), wrong];
    demo.post("/account/api-keys/new", &managing).await;
    let role = [("username", "sub"), ("role", "reads_only"), wrong];
    demo.post("/account/sub-users?do=set_sub_user_role", &role).await;
    let new = [("password", "wrong one"), ("new_password", "another horse battery")];
    demo.post("/account/profile?do=change_password", &new).await;
    demo.post("/account/profile?do=set_email", &[("email", "a@example.org"), wrong]).await;
    demo.post("/account/profile?do=begin_two_factor", &[wrong]).await;
    let webhook = [("url", "https://hooks.example/x"), ("events", "new_login"), wrong];
    demo.post("/account/webhooks", &webhook).await;
    demo.post("/account/sub-users?do=disable_sub_user", &[("username", "sub")]).await;
    app.stranger().post("/login", &[("username", "sub"), ("password", PASSWORD)]).await;
    let page = demo.get(&format!("{HISTORY}?act=login_failed")).await;
    assert_snapshot!(lines(&page), @"
    2026-01-15 12:11:40 | Right password of a disabled user at login | sub | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at a change of a webhook | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at a change of two-factor login | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at a change of the email address | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at a change of the password | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at a change of a sub-user | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at the generation of a key | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at the rotation of a key | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at Show | demo | 192.0.2.10
    2026-01-15 12:11:40 | Wrong password at login | demo | 192.0.2.10
    ");
}

#[tokio::test]
async fn a_page_that_the_server_alone_knows_starts_no_program() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let plain = demo.get("/account/profile").await;
    assert_eq!(plain.status, StatusCode::OK);
    assert!(plain.body.contains("<h1") && !plain.body.contains(".wasm"), "{}", plain.body);
    assert!(demo.get("/account/api-keys").await.body.contains(".wasm"));
    assert_eq!(demo.get("/account/profilex").await.status, StatusCode::NOT_FOUND);
    let stranger = app.stranger().get("/account/profile").await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}
