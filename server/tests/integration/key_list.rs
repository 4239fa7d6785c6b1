//! The list of keys: search, filters, orders and sizes, all of it in the address.

mod export;
mod several;

use crate::app::{Answer, Browser, Gateway, Key, TestApp};
use crate::html;
use contract::Cause;
use http::StatusCode;
use insta::assert_snapshot;

const LIST: &str = "/account/api-keys";
const HOME: &str = "203.0.113.7";

/// An owner and a sub-user with keys of every kind and state, and a stranger.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let app = TestApp::start().await;
        app.add_user("owner").await;
        app.add_sub_user("branch", Some("owner")).await;
        app.add_user("stranger").await;
        Self { app }
    }

    pub(crate) async fn owner(&self) -> Browser<'_> {
        self.app.browser("owner").await
    }

    /// Fills the account: the newest key comes last.
    async fn fill(&self) -> [Key; 5] {
        let (owner, branch) = (self.owner().await, self.app.browser("branch").await);
        let gateway = self.app.gateway("gw").await;
        let web = owner.generate("Web shop", "default").await;
        let phone = owner.generate("phone app", "cloud").await;
        let bind = owner.generate("Bulk sender", "smpp").await;
        let iasi = branch.generate("Shop in Iași", "default").await;
        let old = branch.generate("Old <script>", "app").await;
        self.use_key(&gateway, &web, HOME, 2).await;
        self.use_key(&gateway, &phone, "198.51.100.1", 3).await;
        owner.act(&iasi.id, "pause_key", &[]).await;
        [web, phone, bind, iasi, old]
    }

    async fn use_key(&self, gateway: &Gateway<'_>, key: &Key, from: &str, times: usize) {
        for _ in 0..times {
            self.app.clock.advance(1);
            assert_eq!(gateway.code(&key.token, from).await, "VALID");
        }
    }
}

/// The descriptions on a page, in their order.
pub(crate) fn names(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.texts("table.list td.name-cell > a").join(", ")
}

/// What a query finds.
async fn found(browser: &Browser<'_>, query: &str) -> String {
    names(&browser.get(&format!("{LIST}?{query}")).await)
}

#[tokio::test]
async fn each_part_of_the_address_narrows_the_list() {
    let shop = Shop::open().await;
    let keys = shop.fill().await;
    let owner = shop.owner().await;
    let tail = &keys[1].token[keys[1].token.len() - 4..];
    let mut said = String::new();
    for query in [
        "",
        "q=shop",
        "q=IASI",
        "q=branch",
        "q=%3Cscript",
        "type=cloud",
        "type=default",
        "user=branch",
        "user=OWNER",
        "user=nobody",
        "state=active",
        "state=paused",
        "state=expired",
        "state=unused",
        "state=refused",
        "state=rotating",
        "state=manages-keys",
        "q=shop&type=default&user=branch&state=paused",
        "q=shop&type=cloud",
        "q=shop&sort=description",
    ] {
        said.push_str(&format!("{query}: {}\n", found(&owner, query).await));
    }
    assert_snapshot!(said, @"
    : Old <script>, Shop in Iași, Bulk sender, phone app, Web shop
    q=shop: Shop in Iași, Web shop
    q=IASI: Shop in Iași
    q=branch: Old <script>, Shop in Iași
    q=%3Cscript: Old <script>
    type=cloud: phone app
    type=default: Shop in Iași, Web shop
    user=branch: Old <script>, Shop in Iași
    user=OWNER: Bulk sender, phone app, Web shop
    user=nobody: 
    state=active: Old <script>, Bulk sender, phone app, Web shop
    state=paused: Shop in Iași
    state=expired: 
    state=unused: Old <script>, Shop in Iași, Bulk sender
    state=refused: 
    state=rotating: 
    state=manages-keys: 
    q=shop&type=default&user=branch&state=paused: Shop in Iași
    q=shop&type=cloud: 
    q=shop&sort=description: Shop in Iași, Web shop
    ");
    assert_eq!(found(&owner, &format!("q={tail}")).await, "phone app", "by the ending of its token");
    assert_eq!(found(&owner, &format!("q={}", keys[0].token)).await, "Web shop", "by a whole token");
    let page = owner.get(&format!("{LIST}?q={}", keys[0].token)).await;
    let shown = html::pieces(&page.body, ".key-list").concat();
    assert!(!shown.contains(&keys[0].token), "which no field and no link of the list holds");
}

#[tokio::test]
async fn the_states_that_the_store_knows_are_found() {
    let shop = Shop::open().await;
    let [web, phone, ..] = shop.fill().await;
    let owner = shop.owner().await;
    let gateway = shop.app.gateway("gw2").await;
    assert_eq!(gateway.code(&web.token, "198.51.100.77").await, "IP_NOT_ALLOWED");
    assert_eq!(shop.app.told("owner", Cause::NewAddress).await.len(), 1);
    assert_eq!(found(&owner, "state=refused").await, "Web shop");
    assert_eq!(owner.row(&web.id).await[1], "Web shop Refused lately");
    let rotated = owner.act(&phone.id, "rotate_key", &[("overlap_seconds", "3600")]).await;
    assert_eq!(rotated.status, StatusCode::SEE_OTHER);
    assert_eq!(found(&owner, "state=rotating").await, "phone app");
    assert_eq!(owner.row(&phone.id).await[1], "phone app Rotating");
    let fields = [("description", "Terraform"), ("key_type", "cloud"), ("manages_keys", "true")];
    assert_eq!(owner.post("/account/api-keys/new", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(found(&owner, "state=manages-keys&sort=-times_used").await, "Terraform");
    let masked = owner.row(&phone.id).await[3].clone();
    let tail: String = masked.chars().skip(9).collect();
    assert_eq!(found(&owner, &format!("q={tail}")).await, "phone app", "by the ending of its new token");
    shop.app.clock.advance(8 * 24 * 3600);
    let owner = shop.owner().await;
    assert_eq!(found(&owner, "state=refused").await, "", "not lately");
    assert_eq!(found(&owner, "state=rotating").await, "", "the old token has ended");
}

#[tokio::test]
async fn every_column_orders_the_list_both_ways() {
    let shop = Shop::open().await;
    shop.fill().await;
    let owner = shop.owner().await;
    let mut said = String::new();
    for column in ["created", "username", "description", "type", "last_used", "times_used", "locked_on_ip"] {
        for sort in [column.to_owned(), format!("-{column}")] {
            said.push_str(&format!("{sort}: {}\n", found(&owner, &format!("sort={sort}")).await));
        }
    }
    assert_snapshot!(said, @"
    created: Web shop, phone app, Bulk sender, Shop in Iași, Old <script>
    -created: Old <script>, Shop in Iași, Bulk sender, phone app, Web shop
    username: Old <script>, Shop in Iași, Bulk sender, phone app, Web shop
    -username: Bulk sender, phone app, Web shop, Old <script>, Shop in Iași
    description: Bulk sender, Old <script>, phone app, Shop in Iași, Web shop
    -description: Web shop, Shop in Iași, phone app, Old <script>, Bulk sender
    type: Old <script>, phone app, Shop in Iași, Web shop, Bulk sender
    -type: Bulk sender, Shop in Iași, Web shop, phone app, Old <script>
    last_used: Old <script>, Shop in Iași, Bulk sender, Web shop, phone app
    -last_used: phone app, Web shop, Old <script>, Shop in Iași, Bulk sender
    times_used: Old <script>, Shop in Iași, Bulk sender, Web shop, phone app
    -times_used: phone app, Web shop, Old <script>, Shop in Iași, Bulk sender
    locked_on_ip: Old <script>, Shop in Iași, Bulk sender, phone app, Web shop
    -locked_on_ip: Web shop, phone app, Old <script>, Shop in Iași, Bulk sender
    ");
    let by_key = found(&owner, "sort=key").await;
    let other = found(&owner, "sort=-key").await;
    let mut other: Vec<_> = other.split(", ").collect();
    other.reverse();
    assert_eq!(by_key.split(", ").collect::<Vec<_>>(), other);
    let page = owner.get(&format!("{LIST}?sort=-times_used&q=s")).await.body;
    let sorted = html::attributes(&page, "th[aria-sort]", "aria-sort");
    assert_eq!(sorted, ["descending"]);
    let turned = html::attributes(&page, "th[aria-sort] a", "href");
    assert_eq!(
        turned,
        ["/account/api-keys?q=s&sort=times_used"],
        "a second click turns it, and keeps the search"
    );
}

#[tokio::test]
async fn the_pager_keeps_search_and_size() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    for number in 0..60 {
        let kind = if number < 55 { "cloud" } else { "app" };
        let fields = [("description", format!("key {number}")), ("key_type", kind.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(browser.post("/account/api-keys/new", &fields).await.status, StatusCode::SEE_OTHER);
    }
    let page = browser.get(&format!("{LIST}?type=cloud&size=50&page=2&sort=created")).await;
    assert_snapshot!(page.texts(".record-line").concat(), @"Page 2 of 2, showing 5 records out of 55 total, starting on record 51, ending on 55");
    assert_eq!(names(&page), "key 50, key 51, key 52, key 53, key 54");
    let pages = html::attributes(&page.body, ".pager a", "href");
    assert_eq!(pages, ["/account/api-keys?type=cloud&sort=created&size=50"], "only a previous one");
    let first = browser.get(&pages[0]).await;
    assert_eq!(first.texts("table.list tbody tr").len(), 50);
    let next = html::attributes(&first.body, ".pager a", "href");
    assert_eq!(next, ["/account/api-keys?type=cloud&sort=created&size=50&page=2"]);
    let past = browser.get(&format!("{LIST}?type=cloud&size=50&page=99&sort=created")).await;
    assert_eq!(names(&past), names(&page), "a page past the end is the last one");
    let chosen = html::attributes(&page.body, "form.filters option[selected]", "value");
    assert_eq!(chosen, ["cloud", "", "created", "50"], "the form shows what is chosen");
    let hundred = browser.get(&format!("{LIST}?size=100")).await;
    assert_eq!(hundred.texts("table.list tbody tr").len(), 60);
    let romanian = browser.get_in(&format!("{LIST}?size=50&page=2"), "ro").await;
    assert_snapshot!(romanian.texts(".record-line").concat(), @"Pagina 2 din 2, se afișează 10 înregistrări din 60 în total, de la înregistrarea 51 până la 60");
}

#[tokio::test]
async fn whatever_stands_in_the_address_is_answered_with_a_list() {
    let shop = Shop::open().await;
    shop.fill().await;
    let owner = shop.owner().await;
    let plain = found(&owner, "").await;
    let huge = "x".repeat(6000);
    for odd in [
        "page=x&size=7&type=nothing&state=&sort=-&user=",
        "page=4294967296",
        "page=0&size=0",
        "sort=description%00&size=20.0",
        "q=&type=&user=&state=&sort=&size=20",
        "q=%20%09&q=second",
        "%%%&&&===",
        "made=nothing&done=deleted-0&done=x",
    ] {
        assert_eq!(found(&owner, odd).await, plain, "{odd}");
    }
    let none = owner.get(&format!("{LIST}?q={huge}")).await;
    assert_eq!(names(&none), "");
    assert_eq!(html::attributes(&none.body, "input[name=q]", "value")[0].len(), 100, "it is cut");
    let marked = owner.get(&format!("{LIST}?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&user=%3Cb%3E")).await;
    assert_eq!(marked.texts("script:not([nonce])").len(), 0, "{}", marked.body);
    assert_eq!(html::attributes(&marked.body, "input[name=q]", "value"), ["\"><script>alert(1)</script>"]);
    assert_eq!(marked.texts("main b").len(), 0);
    assert_snapshot!(marked.lines("main section"), @"
    No key matches
    None of the keys fits the search and the filters.
    Clear the filters
    ");
    let clear = html::attributes(&marked.body, "main section a", "href");
    assert_eq!(clear, [LIST], "a link clears the filters");
}

#[tokio::test]
async fn everybody_sees_what_is_theirs() {
    let shop = Shop::open().await;
    shop.fill().await;
    let (owner, branch) = (shop.owner().await, shop.app.browser("branch").await);
    let stranger = shop.app.browser("stranger").await;
    assert_eq!(found(&branch, "q=shop").await, "Shop in Iași");
    assert_eq!(found(&branch, "user=owner").await, "", "an owner's keys are not a sub-user's");
    assert_eq!(found(&branch, "sort=-description").await, "Shop in Iași, Old <script>");
    assert_eq!(found(&stranger, "q=shop").await, "");
    let heads = |page: &Answer| page.texts("table.list thead :is(td, th)").join(" | ");
    assert_snapshot!(heads(&owner.get(LIST).await), @"Select all keys of this page | Username | Description | Type | Key | Last Used | Times Used | Locked On IP | Actions");
    assert_eq!(owner.get(LIST).await.texts("select[name=user] option"), ["Every user", "owner", "branch"]);
    assert_eq!(branch.get(LIST).await.texts("[name=user]").len(), 0);
    stranger.generate("Alone", "cloud").await;
    assert_snapshot!(heads(&stranger.get(LIST).await), @"Select all keys of this page | Description | Type | Key | Last Used | Times Used | Locked On IP | Actions");
    let empty = shop.app.browser("stranger").await;
    assert_eq!(empty.get(&format!("{LIST}?q=zzz")).await.texts("main table").len(), 0);
}
