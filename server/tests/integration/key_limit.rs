//! How many keys an account may have: living ones, of the owner and its sub-users together.

use crate::app::{Browser, TestApp, key_ids};
use crate::html;
use futures::future::join_all;
use http::StatusCode;
use insta::assert_snapshot;

async fn generate(browser: &Browser<'_>) -> StatusCode {
    let fields = [("description", "WEB"), ("key_type", "cloud")];
    browser.post("/account/api-keys/new", &fields).await.status
}

#[tokio::test]
async fn an_account_has_no_more_keys_than_it_may() {
    let app = TestApp::start_with(&[("max_keys", "5")]).await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    app.add_user("other").await;
    let (owner, sub) = (app.browser("owner").await, app.browser("sub").await);
    // All at once, the limit is asked for in the transaction.
    let made = join_all((0..12).map(|n| generate(if n % 2 == 0 { &owner } else { &sub }))).await;
    assert_eq!(made.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 5, "{made:?}");
    let ids = key_ids(&owner.get("/account/api-keys").await.page());
    assert_eq!(ids.len(), 5);
    let fields = [("description", "one more"), ("key_type", "cloud")];
    let refused = owner.post("/account/api-keys/new", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(refused.messages(), @"The account has 5 keys, which is the most it may have. Delete keys that are not needed any more.");
    assert_eq!(html::attributes(&refused.body, "[name=description]", "value"), ["one more"]);
    owner.post("/account/profile?do=set_language", &[("language", "ro")]).await;
    assert_snapshot!(owner.post("/account/api-keys/new", &fields).await.messages(), @"Contul are 5 chei, numărul maxim permis. Ștergeți cheile de care nu mai aveți nevoie.");
    owner.delete(&ids[0]).await;
    assert_eq!(generate(&sub).await, StatusCode::SEE_OTHER, "a tombstone does not count");
    assert_eq!(generate(&owner).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(generate(&app.browser("other").await).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_a_limit_there_is_none() {
    let app = TestApp::start_with(&[("max_keys", "0")]).await;
    app.add_user("owner").await;
    assert_eq!(generate(&app.browser("owner").await).await, StatusCode::SEE_OTHER);
}
