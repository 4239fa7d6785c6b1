//! An account with a bit of everything, which is the same in every run but for what is drawn by lot.

use crate::app::{Browser, Key, TestApp, last_webhook, shown_link};
use crate::patience::wait_beside;
use crate::receiver::{Receiver, TAKEN};
use crate::two_factor::enrol;
use contract::Cause;
use contract::Role;
use domain::ids::Username;
use http::StatusCode;
use latchkey::secrets::Secrets;
use service::mail::Subscription;

const SETTINGS: [(&str, &str); 3] = [
    ("smtp_url", "smtp://127.0.0.1:1"),
    ("smtp_from", "keys@example.com"),
    ("webhook_allow_private", "true"),
];
const LATCHED: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";

pub(super) struct Account<'a> {
    /// The owner's browser.
    pub(super) owner: Browser<'a>,
    /// The owner's keys that are still there, with names for their snapshots.
    pub(super) keys: Vec<(&'static str, String)>,
    /// The key of the sub-user that only reads.
    pub(super) readers_key: String,
    /// The secret of the owner's second factor.
    pub(super) second_factor: String,
    /// The page of the webhook.
    pub(super) webhook: String,
    /// The link of an invitation that is open.
    pub(super) invitation: String,
    /// A link that stops letters.
    pub(super) unsubscribe: String,
}

impl<'a> Account<'a> {
    /// A server that could send mail, which nobody sends here.
    pub(super) async fn start() -> TestApp {
        TestApp::start_with(&SETTINGS).await
    }

    pub(super) async fn fill(app: &'a TestApp) -> Self {
        app.add_user_with_mail("owner").await;
        app.add_sub_user("manager", Some("owner")).await;
        app.add_sub_user("reader", Some("owner")).await;
        app.services.operator.set_user_disabled("manager", true).await.unwrap();
        let owner = app.browser("owner").await;
        let (webhook, _receiver) = add_webhook(&owner).await;
        let keys = add_keys(&owner).await;
        let readers_key = add_readers_key(app).await;
        let invitation = invite(&owner).await;
        post(&owner, "/account/profile?do=set_email", &[("email", "new@example.org")]).await;
        let (second_factor, _) = enrol(&owner).await;
        // Refusals are counted in memory first.
        let counted = async || owner.get("/").await.texts(".figures .figure")[1] == "2";
        wait_beside("both refusals", counted).await;
        app.services.use_cases.notices.flush().await;
        Self {
            owner,
            keys,
            readers_key,
            second_factor,
            webhook,
            invitation,
            unsubscribe: unsubscribe_link(app),
        }
    }
}

/// Posts a form that is to succeed; returns where it leads.
async fn post(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    browser.app.clock.advance(1);
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
    answer.header("location").to_owned()
}

async fn generate(browser: &Browser<'_>, description: &str, key_type: &str) -> Key {
    browser.app.clock.advance(1);
    browser.generate(description, key_type).await
}

/// Uses a key once; the code is empty if it passes.
async fn use_key(app: &TestApp, key: &Key, address: &str, code: &str) {
    app.clock.advance(1);
    assert_eq!(app.authz(&key.token, address).await.code(), code);
    app.services.use_cases.notices.flush().await;
}

async fn add_keys(owner: &Browser<'_>) -> Vec<(&'static str, String)> {
    let app = owner.app;
    let latched = generate(owner, "WEB <1>", "default").await;
    let unused = generate(owner, "Backup", "default").await;
    let cloud = generate(owner, "Cloud", "cloud").await;
    let listed = generate(owner, "Office", "default").await;
    generate(owner, "Phone", "app").await;
    let smpp = generate(owner, "Bind", "smpp").await;
    let deleted = generate(owner, "Old", "cloud").await;
    for _ in 0..3 {
        use_key(app, &latched, LATCHED, "").await;
    }
    use_key(app, &latched, OTHER, "IP_NOT_ALLOWED").await;
    use_key(app, &cloud, LATCHED, "").await;
    use_key(app, &cloud, OTHER, "").await;
    let page = format!("/account/api-keys/{}", listed.id);
    for address in ["2001:db8::7", "198.51.100.1"] {
        let allow = [("id", listed.id.as_str()), ("address", address)];
        post(owner, &format!("{page}?do=authorise_address"), &allow).await;
    }
    post(owner, &format!("/account/api-keys/{}/delete", deleted.id), &[("id", &deleted.id)]).await;
    use_key(app, &deleted, OTHER, "DELETED").await;
    [("latched", latched), ("unused", unused), ("cloud", cloud), ("with_addresses", listed), ("smpp", smpp)]
        .map(|(name, key)| (name, key.id))
        .into()
}

async fn add_readers_key(app: &TestApp) -> String {
    let key = generate(&app.browser("reader").await, "Report", "default").await;
    app.services.operator.set_role("reader", Role::ReadsOnly).await.unwrap();
    use_key(app, &key, LATCHED, "").await;
    key.id
}

/// A webhook that has got one message; with its receiver.
pub(super) async fn add_webhook(owner: &Browser<'_>) -> (String, Receiver) {
    let receiver = Receiver::start(TAKEN);
    let causes = Cause::ALL.map(|cause| format!("cause_{}", cause.name()));
    let url = receiver.url();
    let mut fields = vec![("url", url.as_str())];
    fields.extend(causes.iter().map(|name| (name.as_str(), "on")));
    post(owner, "/account/webhooks", &fields).await;
    let path = last_webhook(&owner.get("/account/webhooks").await.body);
    let id = path.rsplit('/').next().unwrap();
    post(owner, &format!("{path}?do=test_webhook"), &[("id", id)]).await;
    assert_eq!(owner.app.services.deliverer.deliver_due().await, 1);
    (path, receiver)
}

async fn invite(owner: &Browser<'_>) -> String {
    let fields = [("username", "guest"), ("email", ""), ("role", "reads_only")];
    let landing = post(owner, "/account/sub-users?do=invite_sub_user", &fields).await;
    shown_link(&owner.get(&landing).await.body)
}

fn unsubscribe_link(app: &TestApp) -> String {
    let username = Username::parse("owner").unwrap();
    let subscription = Subscription { username, cause: Cause::NewLogin };
    let pepper = Secrets::load(&app.services.settings).unwrap().pepper;
    format!("/unsubscribe?token={}", subscription.token(&pepper))
}
