//! Several keys are deleted or paused at once: a question that names them, and one post.

use super::{LIST, Shop, found, names};
use crate::app::{Browser, Key, PASSWORD, TestApp};
use crate::html;
use contract::Role;
use http::StatusCode;
use insta::assert_snapshot;

const CONFIRM: &str = "/account/api-keys/selected/confirm";
const HOME: &str = "203.0.113.7";

fn asked(act: &str, keys: &[&Key]) -> String {
    let ids: String = keys.iter().map(|key| format!("&id={}", key.id)).collect();
    format!("{CONFIRM}?back=q%3Dkey&act={act}{ids}")
}

/// Sends the form of a question as its page has it.
async fn confirm(browser: &Browser<'_>, question: &str) -> crate::app::Answer {
    let page = browser.get(question).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let action = html::attributes(&page.body, "main form", "action").remove(0);
    let names = html::attributes(&page.body, "main form input", "name");
    let values = html::attributes(&page.body, "main form input", "value");
    let fields: Vec<_> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    browser.post(&action, &fields).await
}

struct Bench {
    app: TestApp,
}

impl Bench {
    async fn open() -> Self {
        let app = TestApp::start().await;
        app.add_user("demo").await;
        Self { app }
    }

    async fn keys(&self, browser: &Browser<'_>) -> [Key; 3] {
        let one = browser.generate("key 1", "cloud").await;
        let two = browser.generate("key 2", "cloud").await;
        [one, two, browser.generate("key 3 <b>", "cloud").await]
    }
}

#[tokio::test]
async fn selected_keys_are_deleted_after_one_question() {
    let bench = Bench::open().await;
    let (browser, gateway) = (bench.app.browser("demo").await, bench.app.gateway("gw").await);
    let [one, two, three] = bench.keys(&browser).await;
    let form = browser.get(&format!("{LIST}?q=key")).await;
    assert_eq!(html::attributes(&form.body, ".keys-form", "action"), [CONFIRM]);
    assert_eq!(html::attributes(&form.body, ".keys-form [name=back]", "value"), ["q=key"]);
    assert_eq!(html::attributes(&form.body, ".keys-form [name=id]", "value"), [&*three.id, &two.id, &one.id]);
    let question = asked("delete", &[&one, &three]);
    let page = browser.get(&question).await;
    assert_snapshot!(page.lines("main"), @"
    Several API Keys
    Do you want to delete these 2 keys?
    The very next request with any of them will be refused. Deleted keys cannot be brought back.
    Delete 2 keys
    Leave them as they are
    ");
    assert_eq!(page.texts(".named-keys li > a"), ["key 1", "key 3 <b>"]);
    assert_eq!(gateway.code(&one.token, HOME).await, "VALID", "the question alone changes nothing");
    let done = confirm(&browser, &question).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/api-keys?q=key&done=deleted-2")
    );
    let list = browser.get(done.header("location")).await;
    assert_eq!(list.messages(), "2 keys deleted");
    assert_eq!(names(&list), "key 2");
    assert_eq!(gateway.code(&one.token, HOME).await, "DELETED");
    assert_eq!(gateway.code(&three.token, HOME).await, "DELETED");
    assert_eq!(gateway.code(&two.token, HOME).await, "VALID");
    let history = browser.history().await;
    assert_eq!(history.matches("Key deleted").count(), 2, "a line each: {history}");
}

#[tokio::test]
async fn selected_keys_are_paused() {
    let bench = Bench::open().await;
    let (browser, gateway) = (bench.app.browser("demo").await, bench.app.gateway("gw").await);
    let [one, two, three] = bench.keys(&browser).await;
    browser.act(&one.id, "pause_key", &[]).await;
    let question = format!("{CONFIRM}?act=pause&all=1&back=q%3Dkey");
    assert_snapshot!(browser.get_in(&question, "ro").await.lines("main"), @"
    Mai multe chei API
    Doriți să suspendați aceste 3 chei?
    Chiar următoarea cerere cu oricare dintre ele este respinsă, până când reluați cheia în pagina ei. Blocarea, adresele și statisticile rămân.
    Suspendați 3 chei
    Lăsați-le cum sunt
    ");
    let done = confirm(&browser, &question).await;
    let list = browser.get_in(done.header("location"), "ro").await;
    assert_eq!(list.messages(), "3 chei au fost suspendate");
    for key in [&one, &two, &three] {
        assert_eq!(gateway.code(&key.token, HOME).await, "DISABLED");
    }
    assert_eq!(found(&browser, "state=paused").await, "key 3 <b>, key 2, key 1");
}

#[tokio::test]
async fn whoever_names_a_key_that_is_not_theirs_changes_nothing() {
    let shop = Shop::open().await;
    let (owner, branch) = (shop.owner().await, shop.app.browser("branch").await);
    let stranger = shop.app.browser("stranger").await;
    let [own, foreign] = [branch.generate("key 1", "cloud").await, stranger.generate("key 2", "cloud").await];
    let gateway = shop.app.gateway("gw").await;
    for (browser, other) in [(&branch, &foreign.id), (&owner, &foreign.id), (&branch, &"x".to_owned())] {
        let question = format!("{CONFIRM}?act=delete&id={}&id={other}", own.id);
        assert_eq!(browser.get(&question).await.status, StatusCode::NOT_FOUND);
        for act in ["delete_keys", "pause_keys"] {
            let ids = format!("{} {other}", own.id);
            let refused = browser.post(&format!("{CONFIRM}?do={act}"), &[("ids", &ids)]).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{act}");
        }
    }
    for key in [&own, &foreign] {
        assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    }
    assert_eq!(confirm(&owner, &asked("delete", &[&own])).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.code(&own.token, HOME).await, "DELETED", "an owner may for a sub-user");
}

#[tokio::test]
async fn no_key_and_too_many_keys_are_no_selection() {
    let bench = Bench::open().await;
    let browser = bench.app.browser("demo").await;
    let key = browser.generate("key 1", "cloud").await;
    let page = browser.get(&format!("{CONFIRM}?act=delete&back=page%3D2")).await;
    assert_snapshot!(page.lines("main"), @"
    Several API Keys
    No key is selected. Go back to the list and tick the keys that are meant.
    Back to the list
    ");
    assert_eq!(html::attributes(&page.body, "main a", "href"), ["/account/api-keys?page=2"]);
    let post =
        async |ids: &str| browser.post(&format!("{CONFIRM}?do=delete_keys"), &[("ids", ids)]).await.status;
    assert_eq!(post("").await, StatusCode::NOT_FOUND);
    let many: Vec<_> = (0..101).map(|n| format!("0198c0de-0000-7000-8000-{n:012}")).collect();
    assert_eq!(post(&format!("{} {}", key.id, many.join(" "))).await, StatusCode::NOT_FOUND);
    assert_eq!(post(&format!("{0} {0}", key.id)).await, StatusCode::SEE_OTHER, "twice is once");
    assert_eq!(browser.get(LIST).await.texts("main table").len(), 0);
}

#[tokio::test]
async fn who_only_reads_selects_nothing() {
    let shop = Shop::open().await;
    let branch = shop.app.browser("branch").await;
    let key = branch.generate("key 1", "cloud").await;
    shop.app.services.operator.set_role("branch", Role::ReadsOnly).await.unwrap();
    let list = branch.get(LIST).await;
    assert_eq!(names(&list), "key 1");
    assert_eq!(list.texts("main [type=checkbox], main [name=act], .act-cell").len(), 0, "{}", list.body);
    let answer = branch.get(&asked("delete", &[&key])).await;
    assert_eq!(answer.texts("h1"), ["Not allowed"]);
    let refused =
        branch.post(&format!("{CONFIRM}?do=delete_keys"), &[("ids", &key.id), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_deletion_leads_back_to_the_list_it_came_from() {
    let bench = Bench::open().await;
    let browser = bench.app.browser("demo").await;
    let [one, ..] = bench.keys(&browser).await;
    let list = browser.get(&format!("{LIST}?q=key&sort=description&page=1")).await;
    let links = html::attributes(&list.body, ".act-cell a", "href");
    let path = format!("/account/api-keys/{}/delete", one.id);
    assert_eq!(links[0], format!("{path}?back=q%3Dkey%26sort%3Ddescription"));
    let question = browser.get(&links[0]).await;
    assert_eq!(html::attributes(&question.body, "main [name=back]", "value"), ["q=key&sort=description"]);
    let fields = [("id", one.id.as_str()), ("back", "q=key&sort=description")];
    let done = browser.post(&path, &fields).await;
    assert_eq!(done.header("location"), "/account/api-keys?q=key&sort=description&done=deleted-1");
    let shown = browser.get(done.header("location")).await;
    assert_eq!(html::texts(&shown.body, "main .notice"), ["1 key deleted"]);
    let elsewhere = browser.generate("key 9", "cloud").await;
    let path = format!("/account/api-keys/{}/delete", elsewhere.id);
    let done = browser.post(&path, &[("id", &elsewhere.id), ("back", "//evil.example\r\nx: y")]).await;
    assert_eq!(done.header("location"), format!("{LIST}?done=deleted-1"));
}
